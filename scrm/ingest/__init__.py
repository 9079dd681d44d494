"""From a network's pages to rows: read, translate, store, with the cursor in the same transaction."""
