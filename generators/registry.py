"""The registered generators."""

from driving_data.registry import Registry

GENERATORS = Registry(
    port="generator",
    group="roadloom.generators",
    builtin={"raytrace": "generators.raytrace.generator:RaytraceGenerator"},
)
