"""A fake Facebook over real HTTP: pages, their posts, comments and reactions, reviews and conversations."""
