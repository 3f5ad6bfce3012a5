"""The core of OpenSCENARIO DSL 2.x: read into a typed `LogicalScenario`."""
