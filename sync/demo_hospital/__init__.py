"""An embedded hospital that speaks the real protocols on loopback: for demonstration, training and tests."""
