"""OpenSCENARIO front end: XML 1.0 to 1.3 and the core of the DSL, in and out."""
