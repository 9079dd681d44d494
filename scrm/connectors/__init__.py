"""One folder per network; found by the folder, no list to edit."""
