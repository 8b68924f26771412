"""Where each setting comes from: flags, environment, project file, login file; and the folders for files of our own."""
