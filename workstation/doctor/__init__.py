"""What works on this computer and what does not: each file looks at one part, `readingroom doctor` shows it. No Qt."""
