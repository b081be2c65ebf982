"""What must hold of a file before this program opens it: read in the process apart, where nothing it does can hurt."""
