"""Where each number lies in the packed arrays of the embedded simulator.

Each world keeps its state as a structure of arrays: one block (columns, A), every column contiguous over the
actors. The batch adds one leading axis B. Constants below name columns and codes; the kernels use nothing else.
"""

from typing import Any, Final, NamedTuple

# Samples of a path: rows of `Pool.table`, equally spaced along it.
PX: Final = 0
PY: Final = 1
PZ: Final = 2
PTX: Final = 3
PTY: Final = 4
PHEAD: Final = 5
PCURV: Final = 6
PLIMIT: Final = 7
PSLOW: Final = 8
PLEFT: Final = 9
PRIGHT: Final = 10
PBANK: Final = 11
PTURN: Final = 12
PGRADE: Final = 13
PATH_COLUMNS: Final = 14
# A bit of `Pool.fixed` beside those of the columns: the path is a straight line.
LINE: Final = 1 << 30

# What an actor can light, as bits of its parameter LAMPS.
HAS_HEADLIGHTS: Final = 1
HAS_BRAKE_LIGHTS: Final = 2
HAS_INDICATORS: Final = 4
HAS_BEACON: Final = 8

# State of actors, floats. The first LOG_COLUMNS are what a rollout keeps.
X: Final = 0
Y: Final = 1
Z: Final = 2
YAW: Final = 3
GX: Final = 4
GY: Final = 5
VX: Final = 6
VY: Final = 7
AX: Final = 8
AY: Final = 9
YAW_RATE: Final = 10
STEER: Final = 11
ALONG: Final = 12
LOG_COLUMNS: Final = 13
SPEED: Final = 13
ACCEL: Final = 14
S: Final = 15
D: Final = 16
U: Final = 17
UDOT: Final = 18
DESIRED: Final = 19
LAT_CLOCK: Final = 20
LAT_DURATION: Final = 21
C0: Final = 22
PREV_X: Final = 28
PREV_Y: Final = 29
PREV_YAW: Final = 30
COMMAND: Final = 31
PREV_S: Final = 32
WAITED: Final = 33
BASE_D: Final = 34
# Bodies: sideways speed and specific push of the tyres of a dynamic model; lean of a rider.
SIDE: Final = 35
PUSHED: Final = 36
LEAN: Final = 37
# Faults, 0 where all is well: share of the brakes, of the steering that is lost; a flat tyre by axle, signed by its
# side (left positive), 1 where it is lost altogether.
BRAKE_LOSS: Final = 38
STEER_LOSS: Final = 39
FLAT_FRONT: Final = 40
FLAT_REAR: Final = 41
# Riders and people: place and pace beside the line, bounds of the next acceleration, lean of the time behind.
WEAVE: Final = 42
WEAVE_RATE: Final = 43
BODY_LOW: Final = 44
BODY_HIGH: Final = 45
LEAN_PAST: Final = 46
STATE_COLUMNS: Final = 47

# State of actors, integers.
VALID: Final = 0
MODE: Final = 1
PATH: Final = 2
SPEED_PHASE: Final = 3
LATERAL_PHASE: Final = 4
PATH_PHASE: Final = 5
STARTED: Final = 6
DONE: Final = 7
HIT: Final = 8
INDICATOR: Final = 9
# Whom it has touched: bits of two columns.
TOUCHED: Final = 10
# Bits of what has been told of an actor: that its wish was beyond its grip, that its trailer folded.
TOLD: Final = 12
BEYOND_GRIP: Final = 1
TOLD_GRIP: Final = 2
FOLDED: Final = 4
TOLD_FOLDED: Final = 8
# Whether a flat tyre draws it aside.
SWERVES: Final = 13
INT_COLUMNS: Final = 14

# How an actor moves.
MODE_EGO: Final = 0
MODE_PATH: Final = 1
MODE_STATIC: Final = 2
MODE_FREE: Final = 3
MODE_REPLAY: Final = 4
# Waits for the first moment of its log, then moves on its path.
MODE_COMING: Final = 5
MODE_TRAILER: Final = 6
# Swings on the vehicle that TOWED_BY names.
MODE_DOOR: Final = 7

# Parameters of actors, floats.
LENGTH: Final = 0
WIDTH: Final = 1
HEIGHT: Final = 2
MASS: Final = 3
HEADWAY: Final = 4
MIN_GAP: Final = 5
MAX_ACCEL: Final = 6
COMFORT: Final = 7
JERK: Final = 8
WHEELBASE: Final = 9
REAR: Final = 10
FORESIGHT: Final = 11
# Trailers: where what tows it has the hitch, behind its centre; from the hitch back to the own axle and to the own
# centre; largest angle at the hitch.
HITCH_AT: Final = 12
TOW_AXLE: Final = 13
TOW_EYE: Final = 14
TOW_FOLD: Final = 15
# Bodies of riders and people (`bodies`): power, mass, drag, rolling; l / h before the rear wheel lifts, largest lean;
# time of the lean or of the relaxation; weave; fastest run, step aside and turn of people.
B_POWER: Final = 16
B_MASS: Final = 17
B_DRAG: Final = 18
B_ROLLING: Final = 19
B_PITCH: Final = 20
B_LEAN: Final = 21
B_TIME: Final = 22
B_WEAVE: Final = 23
B_TOP: Final = 24
B_SIDE: Final = 25
B_TURN: Final = 26
PARAM_COLUMNS: Final = 27

# Parameters of actors, integers.
KIND: Final = 0
DRIVER: Final = 1
MINDS_SIGNALS: Final = 2
MINDS_CONFLICTS: Final = 3
DELAY: Final = 4
FIRST_PHASE: Final = 5
NUM_PHASES: Final = 6
LAMPS: Final = 7
WALKS: Final = 8
# Who tows it, and how many couplings lie before it; 0 for whoever is no trailer.
TOWED_BY: Final = 9
TOW_RANK: Final = 10
BODY: Final = 11
PARAM_INTS: Final = 12
BODY_PLAIN: Final = 0
BODY_RIDER: Final = 1
BODY_WALKER: Final = 2
DRIVER_NONE: Final = 0
DRIVER_IDM: Final = 1
DRIVER_HABITS: Final = 2
DRIVER_IMITATION: Final = 3
DRIVER_AGENT: Final = 4
DRIVER_WALKER: Final = 5

# Habits of drivers, floats (codes and flags too), constant; of actors without habits never read.
H_FOLLOWING: Final = 0
H_EXPONENT: Final = 1
H_LANES: Final = 2
H_POLITE: Final = 3
H_THRESHOLD: Final = 4
H_SAFE_BRAKING: Final = 5
H_RIGHT_BIAS: Final = 6
H_CHANGE_S: Final = 7
H_DESTINATION: Final = 8
H_CRITICAL: Final = 9
H_FOLLOW_UP: Final = 10
H_SMALLEST: Final = 11
H_IMPATIENCE: Final = 12
H_CROSSINGS: Final = 13
H_CLEAR: Final = 14
H_MAKES_WAY: Final = 15
H_PASSES_RED: Final = 16
H_HANDS: Final = 17
H_GLANCE_EVERY: Final = 18
H_GLANCE: Final = 19
H_GAP_ERROR: Final = 20
H_RATE_ERROR: Final = 21
H_PERSISTENCE: Final = 22
H_ANTICIPATES: Final = 23
H_SIGHT: Final = 24
H_HAND: Final = 25
H_HAND_STOP: Final = 26
H_HAND_SLOW: Final = 27
H_NET: Final = 28
H_WALK_MARGIN: Final = 29
H_LOOK: Final = 30
H_TURN_BACK: Final = 31
H_WALK_IMPATIENCE: Final = 32
H_REACTION: Final = 33
HABIT_COLUMNS: Final = 34
FOLLOW_IDM: Final = 0
FOLLOW_2000: Final = 1
FOLLOW_PLUS: Final = 2
FOLLOW_IMPROVED: Final = 3
LANES_NONE: Final = 0
LANES_MOBIL: Final = 1
LANES_EUROPEAN: Final = 2
HAND_NONE: Final = 0
HAND_STOP: Final = 1
HAND_SLOW: Final = 2
HAND_GO: Final = 3

# What drivers and walkers have in mind, floats, from step to step.
M_GAP: Final = 0
M_RATE: Final = 1
M_FROM: Final = 2
M_READY: Final = 3
M_SERVED: Final = 4
M_ARRIVED: Final = 5
M_ASIDE: Final = 6
M_STAGE: Final = 7
M_CLOCK: Final = 8
M_KERB: Final = 9
M_WAITED: Final = 10
M_DESIRED: Final = 11
M_VISITS: Final = 12
M_INPUT: Final = 13
M_HIDDEN: Final = 23
MIND_COLUMNS: Final = 39
# Where an ego and the trailer that it feels are moved before everybody is (`articulated_kernels`): neither thinks, so
# the columns of their minds are free. A trailer uses N_YAW and those from N_TURN on.
N_X: Final = 0
N_Y: Final = 1
N_YAW: Final = 2
N_SPEED: Final = 3
N_SIDE: Final = 4
N_RATE: Final = 5
N_PUSHED: Final = 6
N_ACCEL: Final = 7
N_STEER: Final = 8
N_TURN: Final = 9
N_PULL: Final = 10
N_LOAD: Final = 11
# Inputs and width of the network of an imitation driver.
NUM_FEATURES: Final = 10
MAX_HIDDEN: Final = 16

# What paths say to drivers with habits: rows of `rule`, local to the world. The first column is one of the kinds.
R_KIND: Final = 0
R_PATH: Final = 1
R_FROM: Final = 2
R_TO: Final = 3
R_OTHER: Final = 4
R_A: Final = 5
R_B: Final = 6
RULE_COLUMNS: Final = 7
RULE_NONE: Final = 0
RULE_LEFT: Final = 1
RULE_RIGHT: Final = 2
RULE_END: Final = 3
RULE_STOP: Final = 4
RULE_CROSSING: Final = 5
RULE_HAND: Final = 6
RULE_BOX: Final = 7
RULE_KERB: Final = 8
RULE_BACK: Final = 9

# Phases of behaviours.
PH_KIND: Final = 0
PH_NEED: Final = 1
PH_TRIGGER: Final = 2
PH_OTHER: Final = 3
PH_PATH: Final = 4
PHASE_INTS: Final = 5
PH_A: Final = 0
PH_B: Final = 1
PH_VALUE: Final = 2
PHASE_FLOATS: Final = 3
DO_NOTHING: Final = 0
DO_KEEP_SPEED: Final = 1
DO_CHANGE_SPEED: Final = 2
DO_CHANGE_LANE: Final = 3
DO_MOVE_SIDEWAYS: Final = 4
DO_FOLLOW_PATH: Final = 5
DO_WAIT: Final = 6
DO_FAIL: Final = 20
DO_DROP: Final = 21
DO_OPEN_DOOR: Final = 22
ON_NOTHING: Final = 0
ON_TIME: Final = 1
ON_DISTANCE: Final = 2
ON_TIME_GAP: Final = 3
ON_TTC: Final = 4
ON_AHEAD: Final = 5
ON_REACH: Final = 6

# Every actor seen from every path of its world.
Q_S: Final = 0
Q_D: Final = 1
Q_LON: Final = 2
Q_LAT: Final = 3
Q_VS: Final = 4
Q_VD: Final = 5
PROJ_COLUMNS: Final = 6

# What kernels work out once per step and actor: heading and its cosine and sine, radius of the circle about the box,
# how many circles meet it, whether a line was crossed or an end reached, what the ego's driver asks for.
W_YAW: Final = 0
W_COS: Final = 1
W_SIN: Final = 2
W_REACH: Final = 3
W_NEAR: Final = 4
W_NEWS: Final = 5
W_ACCEL: Final = 6
W_ANGLE: Final = 7
WORK_COLUMNS: Final = 8

# World constants, floats.
DT: Final = 0
FRICTION: Final = 1
TARGET_SPEED: Final = 2
GOAL_S: Final = 3
EGO_MAX_STEER: Final = 4
EGO_STEER_RATE: Final = 5
EGO_MAX_ACCEL: Final = 6
EGO_ACCEL_LAG: Final = 7
EGO_STEER_LAG: Final = 8
NOISE: Final = 9
EGO_DEAD_TIME: Final = 10
EGO_FEEDS_FORWARD: Final = 11
# Friction that actors on paths have; 1000 where they are to do as they are told on any road.
PATH_FRICTION: Final = 12
V_FIRST: Final = 13

# The ego's vehicle: columns from V_FIRST of the world constants.
V_MASS: Final = 0
V_INERTIA: Final = 1
V_FRONT: Final = 2
V_REAR: Final = 3
V_HEIGHT: Final = 4
V_CORNER_F: Final = 5
V_CORNER_R: Final = 6
V_DRIVE_F: Final = 7
V_BRAKE_F: Final = 8
V_MAX_DRIVE: Final = 9
V_POWER: Final = 10
V_MAX_BRAKE: Final = 11
V_DRAG: Final = 12
V_ROLLING: Final = 13
V_ANTILOCK: Final = 14
V_TRACK: Final = 15
V_GRIP_X: Final = 16
V_GRIP_Y: Final = 17
VEHICLE_COLUMNS: Final = 18
T_FIRST: Final = V_FIRST + VEHICLE_COLUMNS

# The trailer that a dynamic ego feels: columns from T_FIRST of the world constants.
T_MASS: Final = 0
T_INERTIA: Final = 1
# From the hitch back to its centre of gravity and to its axle; from the tractor's centre of gravity back to the hitch.
T_CENTRE: Final = 2
T_AXLE: Final = 3
T_HITCH: Final = 4
T_HEIGHT: Final = 5
T_HITCH_HEIGHT: Final = 6
T_CORNER: Final = 7
T_ROLLING: Final = 8
T_DRAG: Final = 9
T_BRAKES: Final = 10
T_ANTILOCK: Final = 11
T_FOLD: Final = 12
T_INDEX: Final = 13
TRAILER_COLUMNS: Final = 14
WORLD_FLOATS: Final = T_FIRST + TRAILER_COLUMNS

# World constants, integers.
NUM_ACTORS: Final = 0
NUM_PATHS: Final = 1
NUM_SIGNALS: Final = 2
NUM_STEPS: Final = 3
EGO: Final = 4
LOW_BEAM: Final = 5
SEED: Final = 6
ENDS_AT_GOAL: Final = 7
EGO_MODEL: Final = 8
LEFT_HAND: Final = 9
TOW_RANKS: Final = 10
# How many actors are cargo or doors that a behaviour lets go.
LOOSE: Final = 11
WORLD_INTS: Final = 12
MODEL_KINEMATIC: Final = 0
MODEL_DYNAMIC: Final = 1
MODEL_ARTICULATED: Final = 2

# Running state of a world, integers.
STEP: Final = 0
WORLD_DONE: Final = 1
CRASH_STEP: Final = 2
OFF_ROAD: Final = 3
AT_GOAL: Final = 4
NUM_EVENTS: Final = 5
RED_LIGHTS: Final = 6
RUN_INTS: Final = 7

# Signals.
SIG_FIRST: Final = 0
SIG_COUNT: Final = 1

# Events: rows of `events`.
EV_STEP: Final = 0
EV_KIND: Final = 1
EV_ACTOR: Final = 2
EV_OTHER: Final = 3
EV_A: Final = 4
EV_B: Final = 5
EV_C: Final = 6
EV_D: Final = 7
EV_E: Final = 8
EVENT_COLUMNS: Final = 9
EVENT_COLLISION: Final = 0
EVENT_OFF_ROAD: Final = 1
EVENT_TRIGGER: Final = 2
EVENT_SIGNAL: Final = 3
EVENT_GOAL: Final = 4
EVENT_DESPAWN: Final = 5
EVENT_SPAWN: Final = 6
EVENT_FAILURE: Final = 20
EVENT_GRIP: Final = 21
EVENT_JACKKNIFE: Final = 22

AFTERMATH_S: Final = 0.5
# Doors open within this time by this angle (two thirds of a right angle and a bit: the last detent of car doors).
DOOR_SWING_S: Final = 1.0
DOOR_ANGLE_RAD: Final = 1.15
GRAVITY: Final = 9.80665
# Magnitudes below this become zero: what decays for ever would otherwise become denormal, which is slow.
TINY: Final = 1e-12


class Pool(NamedTuple):
    """Every path that any world of the batch uses. Rows of one path are contiguous in `table`.

    `fixed`: one bit per column of a path that is the same all along it, and `LINE` where the path is a straight line;
    `steady`: these values, of a line its first point and its direction. What is fixed needs no look into the table.
    """

    table: Any
    first: Any
    count: Any
    spacing: Any
    ends: Any
    grid: Any
    cells: Any
    stop_first: Any
    stop_s: Any
    stop_signal: Any
    conflict_first: Any
    conflict: Any
    fixed: Any
    steady: Any
    net: Any
    half_lane: Any


class Batch(NamedTuple):
    """B worlds: constants first, then what moves, then what is kept. Every array has the leading axis B."""

    world_f: Any
    world_i: Any
    paths: Any
    param_f: Any
    param_i: Any
    phase_i: Any
    phase_f: Any
    signal_i: Any
    signal_f: Any
    program: Any
    replay: Any
    replay_valid: Any
    replay_signal: Any
    state: Any
    flags: Any
    proj: Any
    work: Any
    run: Any
    signal: Any
    history: Any
    phase_t: Any
    log: Any
    log_valid: Any
    log_lights: Any
    log_signal: Any
    events: Any
    commands: Any
    habit: Any
    mind: Any
    rule: Any


# Rows of `View.numbers`.
SHOW_TIME: Final = 0
SHOW_LATERAL: Final = 1
SHOW_REMAINING: Final = 2
SHOW_SIGNAL: Final = 3
SHOW_STEER: Final = 4
SHOW_NUMBERS: Final = 5


class View(NamedTuple):
    """What policies are shown of B worlds and A actors: arrays that the kernels fill, fresh for every observation."""

    position: Any
    yaw: Any
    velocity: Any
    acceleration: Any
    yaw_rate: Any
    valid: Any
    route: Any
    limits: Any
    numbers: Any
    shown: Any
    done: Any
    happened: Any
