"""What somebody may read, and what is new to them: asked by the pages, and by whoever writes to people."""
