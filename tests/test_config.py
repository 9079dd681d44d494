"""Settings: read from the environment as a whole, complained about as a whole, handed on as a whole."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.cli.settings import as_env_file
from scrm.config import Settings, as_environment, setting_name
from scrm.errors import ConfigError

ROOT = Path(__file__).parent.parent


def faults(**environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(environ)
    return caught.value.faults


def test_nothing_needs_to_be_set() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert settings.database.startswith("sqlite:////")
    assert settings.redis.startswith("unix:///")
    assert settings.base_url == "http://127.0.0.1:8000"


def test_every_fault_is_told_at_once() -> None:
    told = faults(
        SCRM_PORT="eighty",
        SCRM_SANDBOX="perhaps",
        SCRM_NO_SUCH_THING="1",
        SCRM_LOCALE="fr",
        SCRM_LOG_LEVEL="loud",
        DATABASE_URL="mysql://db.example/x",
        REDIS_URL="http://redis.example",
        SCRM_PUBLIC_URL="scrm.example",
        SCRM_ALLOWED_HOSTS="social.example,127.0.0.1:",
        SCRM_LEASE_SECONDS="0",
    )
    named = [fault.partition(":")[0] for fault in told]
    assert sorted(named) == [
        "DATABASE_URL",
        "REDIS_URL",
        "SCRM_ALLOWED_HOSTS",
        "SCRM_LEASE_SECONDS",
        "SCRM_LOCALE",
        "SCRM_LOG_LEVEL",
        "SCRM_NO_SUCH_THING",
        "SCRM_PORT",
        "SCRM_PUBLIC_URL",
        "SCRM_SANDBOX",
    ]


@pytest.mark.parametrize("name", sorted(setting_name(f.name) for f in dataclasses.fields(Settings)))
def test_no_fault_shows_a_value(name: str) -> None:
    """Whatever stands in whichever setting: the complaint names the setting alone."""
    for secret in ("geheim://[hunter2", "geheim:hunter2,", "/geheim" * 30 + "hunter2"):
        told = ""
        try:
            Settings.from_env({name: secret})
        except ConfigError as why:
            told = str(why)
        assert not told or name in told
        assert "geheim" not in told
        assert "hunter2" not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCRM_PORT", "-1"),
        ("SCRM_PORT", "80.0"),
        ("SCRM_PORT", "٨٠"),
        ("SCRM_PORT", "65536"),
        ("SCRM_PORT", "9" * 5000),
        ("SCRM_PUBLIC_URL", "https://"),
        ("SCRM_PUBLIC_URL", "https://["),
        ("SCRM_PUBLIC_URL", "ftp://scrm.example"),
        ("SCRM_ALLOWED_HOSTS", ":80"),
        ("SCRM_STATE_DIR", "/" + "long/" * 30),
        ("DATABASE_URL", "sqlite://"),
    ],
)
def test_a_value_that_cannot_work_is_refused(name: str, value: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(name)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_database_address_that_platforms_set_is_understood(scheme: str) -> None:
    settings = Settings.from_env({"DATABASE_URL": f"{scheme}://u:p@db.example/scrm?sslmode=require"})
    assert settings.database == "postgresql+psycopg://u:p@db.example/scrm?sslmode=require"


@pytest.mark.parametrize("url", ["redis://redis.example/0", "rediss://u:p@redis.example:6380/1", "unix:///run/r"])
def test_the_redis_address_that_platforms_set_is_understood(url: str) -> None:
    assert Settings.from_env({"REDIS_URL": url}).redis == url


def test_a_long_state_folder_does_no_harm_when_redis_is_elsewhere() -> None:
    environ = {"SCRM_STATE_DIR": "/" + "long/" * 30, "REDIS_URL": "redis://redis.example"}
    assert Settings.from_env(environ).redis == "redis://redis.example"


def test_names_of_others_and_names_for_tests_are_none_of_our_business() -> None:
    assert Settings.from_env({"PATH": "/bin", "DATABASE": "x", "SCRM_TEST_POSTGRES": "x"}) == Settings()


def test_an_empty_setting_is_the_default() -> None:
    assert Settings.from_env({"SCRM_PORT": "", "SCRM_LOCALE": "  "}) == Settings()


def test_lists_are_separated_by_commas() -> None:
    settings = Settings.from_env({"SCRM_ALLOWED_HOSTS": " 127.0.0.1:80, social.example:443 ,"})
    assert settings.allowed_hosts == ("127.0.0.1:80", "social.example:443")


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("true", True), ("0", False), ("no", False)])
def test_yes_and_no_may_be_written_in_several_ways(text: str, value: bool) -> None:
    assert Settings.from_env({"SCRM_SANDBOX": text}).sandbox is value


def test_settings_do_not_change_and_hide_what_is_secret() -> None:
    settings = Settings(
        database_url="postgresql://u:geheim@db.example/x", redis_url="redis://:geheim@r", keys="geheim"
    )
    assert "geheim" not in repr(settings)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


def test_a_public_address_is_used_without_its_slash() -> None:
    assert Settings(public_url="https://scrm.example/").base_url == "https://scrm.example"


WORDS = st.text("abcxyz019./:", min_size=1, max_size=20)


@given(
    settings=st.builds(
        Settings,
        state_dir=WORDS.map(lambda word: Path("var") / word.replace("/", "")),
        public_url=st.sampled_from(["", "https://scrm.example"]),
        port=st.integers(0, 65535),
        workers=st.integers(0, 64),
        keys=WORDS,
        contact=WORDS,
        allowed_hosts=st.lists(st.sampled_from(["127.0.0.1:80", "[::1]:443"])).map(tuple),
        sandbox_urls=st.lists(WORDS).map(tuple),
        locale=st.sampled_from(["en", "de"]),
        sandbox=st.booleans(),
        fast_intervals=st.booleans(),
        lease_seconds=st.integers(1, 9999),
    )
)
def test_a_child_process_gets_the_very_same_settings(settings: Settings) -> None:
    assert Settings.from_env(as_environment(settings)) == settings


def test_a_child_process_does_not_take_from_our_environment_what_we_left_at_its_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCRM_PORT", "9999")
    assert Settings.from_env(as_environment(Settings())).port == 8000


def test_every_setting_says_what_it_is_for() -> None:
    for f in dataclasses.fields(Settings):
        assert len(f.metadata["help"]) > 10, f.name


def test_the_example_file_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == as_env_file()


def test_the_example_file_names_every_setting_once_and_changes_nothing() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = [
        line[1:].partition("=")[0]
        for line in lines
        if line.startswith("#") and not line.startswith("# ") and line != "#"
    ]
    assert sorted(shown) == sorted(setting_name(f.name) for f in dataclasses.fields(Settings))
    environ = dict(line[1:].split("=", 1) for line in lines if line[1:].partition("=")[0] in shown)
    assert Settings.from_env(environ) == Settings()
