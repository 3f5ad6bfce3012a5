"""Other simulators on their own ground, each in an environment of its own; every script prints one JSON document.

Each says how many actor-steps it makes per second of processor time, how many vehicles it had, and what was on.
"""

from dataclasses import dataclass

HIGHWAY_ENV = """
import json, sys, time
import gymnasium, highway_env
vehicles, steps = map(int, sys.argv[1:])
env = gymnasium.make("highway-v0", config={
    "vehicles_count": vehicles - 1, "lanes_count": 3, "simulation_frequency": 10, "policy_frequency": 10,
    "duration": 10 * steps})
rates = []
for repeat in range(3):
    env.reset(seed=repeat)
    spent = 0.0
    for step in range(steps):
        start = time.process_time()
        _, _, ended, cut, _ = env.step(1)
        spent += time.process_time() - start
        if ended or cut:
            env.reset(seed=1000 * repeat + step)
    rates.append(steps / spent)
count = len(env.unwrapped.road.vehicles)
print(json.dumps({"steps_per_second": sorted(rates)[1], "vehicles": count}))
"""

METADRIVE = """
import json, logging, pathlib, sys, time
import importlib.util
root = pathlib.Path(importlib.util.find_spec("metadrive").origin).parent / "assets"
# The wheel has no assets and fetches them from the net; physics alone asks for these two files only.
(root / "textures" / "grass1").mkdir(parents=True, exist_ok=True)
(root / "version.txt").write_text("0.4.3")
(root / "textures" / "grass1" / "GroundGrassGreen002_COL_1K.jpg").touch()
logging.disable(logging.CRITICAL)
from metadrive import MetaDriveEnv
from metadrive.policy.idm_policy import IDMPolicy
_, steps = map(int, sys.argv[1:])
env = MetaDriveEnv({"use_render": False, "num_scenarios": 1, "start_seed": 5, "map": "SSSSS", "traffic_density": 0.1,
    "agent_policy": IDMPolicy, "log_level": 50, "horizon": 100000,
    "vehicle_config": {"lidar": {"num_lasers": 0}, "side_detector": {"num_lasers": 0},
                       "lane_line_detector": {"num_lasers": 0}}})
env.reset(seed=5)
spent, agents = 0.0, 0
for step in range(steps):
    start = time.process_time()
    _, _, ended, cut, _ = env.step([0.0, 0.0])
    spent += time.process_time() - start
    agents += 1 + len(env.engine.traffic_manager.vehicles)
    if ended or cut:
        env.reset(seed=5)
print(json.dumps({"steps_per_second": steps / spent, "vehicles": agents / steps}))
"""

LIBSUMO = """
import json, pathlib, subprocess, sys, tempfile, time
import libsumo, sumo
from traci import constants as tc
vehicles, steps = map(int, sys.argv[1:])
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "n.nod.xml").write_text('<nodes><node id="a" x="0" y="0"/><node id="b" x="40000" y="0"/></nodes>')
(folder / "e.edg.xml").write_text('<edges><edge id="e" from="a" to="b" numLanes="3" speed="36"/></edges>')
subprocess.run([str(pathlib.Path(sumo.SUMO_HOME) / "bin" / "netconvert"), "-n", str(folder / "n.nod.xml"),
    "-e", str(folder / "e.edg.xml"), "-o", str(folder / "net.xml")], check=True, capture_output=True)
rows = "".join(f'<vehicle id="v{k}" type="t" route="r" depart="0" departLane="{k % 3}" departPos="{5000 - 24 * k}" '
    f'departSpeed="{24 + 2 * (k % 3)}"/>' for k in range(vehicles))
(folder / "r.rou.xml").write_text('<routes><vType id="t" carFollowModel="IDM" maxSpeed="28"/>'
    '<route id="r" edges="e"/>' + rows + '</routes>')
libsumo.start(["sumo", "-n", str(folder / "net.xml"), "-r", str(folder / "r.rou.xml"), "--step-length", "0.1",
    "--collision.action", "warn", "--no-step-log", "--no-warnings", "--seed", "1"])
libsumo.simulationStep()
names = libsumo.vehicle.getIDList()
for name in names:
    libsumo.vehicle.subscribe(name, [tc.VAR_POSITION, tc.VAR_ANGLE, tc.VAR_SPEED])
agents, start = 0, time.process_time()
for _ in range(steps):
    libsumo.simulationStep()
    agents += len(libsumo.vehicle.getAllSubscriptionResults())
spent = time.process_time() - start
print(json.dumps({"steps_per_second": steps / spent, "vehicles": agents / steps}))
libsumo.close()
"""

TORCHDRIVESIM = """
import json, sys, time
import torch
from torchdrivesim.infractions import collision_detection_with_discs
from torchdrivesim.kinematic import KinematicBicycle
agents, steps = map(int, sys.argv[1:])
worlds = 64
torch.set_num_threads(1)
torch.manual_seed(0)
model = KinematicBicycle(dt=0.1)
state = torch.zeros(worlds, agents, 4)
state[..., 0] = 24.0 * torch.arange(agents)
state[..., 1] = 3.5 * (torch.arange(agents) % 3)
state[..., 3] = 25.0
model.set_params(lr=torch.full((worlds, agents), 1.4))
model.set_state(state)
size = torch.tensor([4.6, 1.85]).expand(worlds, agents, 2)
def step():
    model.step(0.01 * torch.randn(worlds, agents, 2))
    now = model.get_state()
    boxes = torch.cat([now[..., :2], size, now[..., 2:3]], dim=-1)
    one = boxes[:, :, None].expand(-1, -1, agents, -1).reshape(worlds, -1, 5)
    two = boxes[:, None].expand(-1, agents, -1, -1).reshape(worlds, -1, 5)
    return collision_detection_with_discs(one, two)
with torch.no_grad():
    step()
    start = time.process_time()
    for _ in range(steps):
        step()
    spent = time.process_time() - start
print(json.dumps({"steps_per_second": worlds * steps / spent, "vehicles": agents}))
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A simulator to compare with.

    Attributes:
        name: name and version.
        folder: of its environment.
        requirements: what is installed there.
        script: takes the number of vehicles and of steps.
        vehicles: asked for.
        steps: measured.
        note: what was on.
        worlds: that ours runs beside it.
    """

    name: str
    folder: str
    requirements: tuple[str, ...]
    script: str
    vehicles: int
    steps: int
    note: str
    worlds: int = 1


PEERS = (
    Peer(
        "highway-env 1.12.1",
        "highway",
        ("highway-env==1.12.1",),
        HIGHWAY_ENV,
        21,
        60,
        "3 lanes, IDM and lane changes, one step per call",
    ),
    Peer(
        "MetaDrive 0.4.3",
        "metadrive",
        ("metadrive-simulator==0.4.3",),
        METADRIVE,
        8,
        150,
        "physics only (its assets come from the net), IDM ego, lidar off, 5 x 0.02 s per step",
    ),
    Peer(
        "libsumo 1.28.0",
        "libsumo",
        ("eclipse-sumo==1.28.0", "libsumo==1.28.0", "traci==1.28.0"),
        LIBSUMO,
        32,
        2000,
        "3 lanes, IDM and lane changes, all positions, headings and speeds read at each step",
    ),
    Peer(
        "torchdrivesim 0.2.3",
        "torchdrivesim",
        ("torch==2.13.0", "torchdrivesim==0.2.3"),
        TORCHDRIVESIM,
        32,
        10,
        "64 worlds, kinematic bicycle and its collisions by discs for all pairs, its functions called directly; "
        "no drivers",
        64,
    ),
)
