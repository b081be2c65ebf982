"""What a mark is: its shape, on which image, what it measures, how it is drawn. Not whose, nor whether it was sent."""
