"""DICOM series: loading, decoding, windowing and showing them. Slides are in `pathology`, marks in `annotation`."""
