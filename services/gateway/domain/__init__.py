"""Rules of the public API: limits, visibility, tus, paging and media addresses."""
