"""DICOMweb (DICOM PS3.18): listing and fetching instances, their bytes untouched."""
