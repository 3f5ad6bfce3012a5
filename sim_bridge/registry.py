"""Registered simulators; plug-ins join through the entry-point group `roadloom.simulators`."""

from driving_data.registry import Registry

SIMULATORS = Registry(
    port="simulator",
    group="roadloom.simulators",
    builtin={
        "embedded": "sim_bridge.embedded.simulator:EmbeddedSimulator",
        "embedded+sumo": "sim_bridge.sumo.simulator:SumoSimulator",
        "replay": "sim_bridge.replay.simulator:ReplaySimulator",
    },
)
