"""What a pointer does to marks, one tool a file. Knows image coordinates, knows no Qt."""
