"""Used by all rooms: errors, settings, paths, files, folders, numbers, progress, command line."""
