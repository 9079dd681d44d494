"""Tests of the sandbox: the fakes themselves are tested, over real HTTP."""
