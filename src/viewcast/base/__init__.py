"""What every room stands on: errors, settings, paths, files, numbers, progress, command line."""
