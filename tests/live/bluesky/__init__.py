"""The Bluesky connector against the real thing: the developers' own network, run on this machine."""
