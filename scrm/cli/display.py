"""What `scrm up` and `scrm demo` show: lines that stay, and one line of counts that moves.

No thread draws it, because the supervisor must have only one. Where the output is no terminal, a changed count is a
line of its own, at most every few seconds.
"""

import time

from rich.console import Console
from rich.live import Live
from rich.text import Text

PLAIN_SECONDS = 5.0


class Display:
    """The terminal, or a file."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False)
        self._live: Live | None = None
        self._shown = ""
        self._shown_at = 0.0

    def say(self, text: str) -> None:
        """A line that stays; never broken, so that addresses can be clicked."""
        self._console.print(text, soft_wrap=True)

    def counts(self, text: str) -> None:
        """The line that moves."""
        if text == self._shown:
            return
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, auto_refresh=False)
                self._live.start()
            self._live.update(Text(text), refresh=True)
        elif time.monotonic() - self._shown_at < PLAIN_SECONDS:
            return
        else:
            self.say(text)
        self._shown, self._shown_at = text, time.monotonic()

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
