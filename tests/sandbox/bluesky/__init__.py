"""Tests of the Bluesky fake, over real HTTP."""
