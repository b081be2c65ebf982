"""FHIR R4: the gateway to the hospital, and the mappings between its resources and our records."""
