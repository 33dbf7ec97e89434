/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A robot that follows a person, frame by frame: what the parts of the solver share.
 *
 * Matrices are row by row. Joint j moves its link about axis[j]; its column in a Jacobian is
 * BASE + j. The base moves first: three numbers of its origin, three of its rotation vector,
 * both in the world's axes. Structures are mirrored in kernel_library.py, field by field.
 */
#ifndef MOTION_AVATAR_KERNEL_H
#define MOTION_AVATAR_KERNEL_H

#include <stdint.h>

#define KERNEL_ABI 2    /* _ABI in kernel_library.py: raised with every change of a structure */

enum {
    BASE = 6,
    MOST_JOINTS = 122,
    MOST_COLUMNS = BASE + MOST_JOINTS,
    MOST_CAPSULES = 32,
    MOST_PAIRS = 256,
    PERSON_JOINTS = 22,
    LIMBS = 4,     /* left leg, right leg, left arm, right arm */
    POINTS = 11,   /* knees and elbows, ankles and wrists, base, toes */
    TURNS = 6      /* chest, feet, hands, base */
};

/* What one frame asks for, in the world; see Targets in targets.py. */
typedef struct {
    double base_rotation[9], base_position[3];
    double chest_turn[9];
    double middle[LIMBS][3], end[LIMBS][3];
    double foot_turn[2][9], hand_turn[2][9];
    double direction[LIMBS][2][3];
    double toe[2][3];
    double person_toe[2][3];
} Target;

/* A robot's measures, and those of who is followed. */
typedef struct {
    double axes[9];                 /* forward, left, up as columns, in the base's axes */
    double waist[3];
    double root[LIMBS][3], length[LIMBS][2];
    double toe[2][3];               /* from the ankle */
    double hand_neutral[2][9];
    double person_offset[PERSON_JOINTS][3];
    double scale, lift;
    double fixed_height;            /* of a base that does not move; below zero it moves */
} Proportions;

/* Everything of a robot that does not change; pointers belong to the caller. */
typedef struct {
    int32_t joints, capsules, pairs, iterations;
    const int32_t *parent;          /* (J) -1 is the base */
    const double *place;            /* (J, 12) rotation and origin in the parent's frame */
    const double *axis;             /* (J, 3) in the joint's frame */
    const double *lower, *upper, *velocity, *acceleration;  /* (J) */
    const double *rest;             /* (J) */
    const int32_t *is_locked;       /* (J) stays at rest */
    const int32_t *point_joint;     /* (POINTS) */
    const double *point;            /* (POINTS, 3) */
    const double *point_weight;     /* (POINTS) */
    const int32_t *turn_joint;      /* (TURNS) */
    const double *turn_neutral;     /* (TURNS, 9) */
    const double *turn_weight;      /* (TURNS) */
    const int32_t *root_joint;      /* (LIMBS) */
    const double *root;             /* (LIMBS, 3) */
    const double *reach;            /* (LIMBS) length of the stretched limb */
    const int32_t *bend_joint;      /* (LIMBS) elbow or knee */
    const double *bend_weight;      /* (LIMBS) below zero it bends against its axis */
    const double *way_weight;       /* (LIMBS) [1/rad] of where both segments point */
    const int32_t *capsule_joint;   /* (C) */
    const double *capsule_end;      /* (C, 2, 3) */
    const int32_t *pair;            /* (P, 2) */
    const double *least;            /* (P) of the axes' distances */
    const double *apart;            /* (P) weight of keeping to it */
    double posture, damping, error_damping;
    double steady;                  /* weight of going on as before */
    double closed;                  /* share of the room of two parts that a frame leaves */
    double seed_posture;            /* posture, on the way out of a pose that is stuck */
    int32_t is_base_locked, holds_feet;
} Robot;

/* A foot that stands, or does not. */
typedef struct {
    double before[3];               /* the person's toe in the last frame */
    double held[3];                 /* where the robot's stays */
    double contact;                 /* 0 swings .. 1 stands */
    int32_t stands, is_known;
} Foot;

/* Where a robot is. */
typedef struct {
    double base_rotation[9], base_position[3];
    double *joints, *speed;         /* (J) */
    double *seed;                   /* (J) where joints of a stuck limb go; nan: of others */
    double off[LIMBS];              /* [m] its elbow, knee, hand or foot, whichever is more */
    double stuck_s[LIMBS], wait_s, seed_s;
    Foot foot[2];
    int32_t is_begun, is_seeded, seeds;
} Pose;

/* A rotation and an origin. */
typedef struct {
    double rotation[9], origin[3];
} Frame;

/* Where everything is, of one pose: [0] is the base, [1 + j] the link of joint j. */
typedef struct {
    Frame frame[1 + MOST_JOINTS];
    double axis[MOST_JOINTS][3];
} Placed;

/* What one frame leaves to the joints and the pairs of parts. */
typedef struct {
    double least[MOST_JOINTS], greatest[MOST_JOINTS];   /* [rad] */
    double expected[MOST_JOINTS];   /* [rad] where a joint is that goes on as it went */
    double steady;                  /* weight of that */
    double room[MOST_PAIRS];        /* [m] at its start, beyond what is kept */
} Bounds;

/* A quadratic whose least value is looked for: 1/2 x'Hx - g'x; only H's lower half is kept. */
typedef struct {
    int columns;
    double hessian[MOST_COLUMNS][MOST_COLUMNS];
    double gradient[MOST_COLUMNS];
} Quadratic;

/* What a frame asks of the tasks once feet are held: points and their weights, links. */
typedef struct {
    double point[POINTS][3], point_weight[POINTS];
    double turn[TURNS][9];
    const Target *target;
} Wanted;

void place_robot(const Robot *robot, const Pose *pose, Placed *placed);
void place_point(const Frame *frame, const double local[3], double out[3]);
int column_of_point(
    const Robot *robot, const Placed *placed, int joint, const double point[3],
    int index[MOST_COLUMNS], double column[MOST_COLUMNS][3]);

double add_tasks(
    const Robot *robot, const Placed *placed, const Wanted *wanted, Quadratic *problem,
    double off[LIMBS]);

void solve_in_box(
    const Quadratic *problem, const double *lower, const double *upper, double *step);

void place_capsules(const Robot *robot, const Placed *placed, double ends[][2][3]);
void keep_apart(
    const Robot *robot, const Placed *placed, const double *room_at_start, Quadratic *problem,
    const double *lower, const double *upper, double *step);
void rooms(const Robot *robot, const Placed *placed, double *room);

void watch_feet(const Robot *robot, Pose *pose, const Target *target, double dt_s);
void hold_feet(const Robot *robot, const Pose *pose, const Target *target, Wanted *wanted);

void reach_of_joints(
    const Robot *robot, const Pose *pose, double dt_s, double *least, double *greatest);

void begin(const Robot *robot, Pose *pose, const Target *target);
void watch_for_stuck(const Robot *robot, Pose *pose, const Target *target, double dt_s);
void step_towards(
    const Robot *robot, Pose *pose, const Target *target, const Bounds *bounds);

#endif
