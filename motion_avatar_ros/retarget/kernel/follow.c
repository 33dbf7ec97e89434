/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Inverse kinematics of a whole robot, frame by frame: damped Gauss-Newton over weighted tasks.
 *
 * All tasks go into one least-squares problem over the floating base and the joints, solved with
 * the steps of joints held in their box. Levenberg's damping grows with the error: undamped
 * steps jump between branches.
 */
#include "kernel.h"
#include "rotation.h"

/* Beyond its reach a limb's end weighs less: nothing is gained by dragging the trunk along. */
static const double FADES_FROM = 1.0, FADES_TO = 1.2, FADED = 0.3;

/* Share of its speed that a joint is expected to keep: all of it would swing. */
static const double CARRIED = 0.8;

/* While parts are closer than they are kept by so much, further steps are taken. */
enum { MORE_STEPS = 3 };
static const double GIVEN_IN_M = 0.005;

static double fade(double share_of_reach)
{
    const double x =
        fmin(fmax((share_of_reach - FADES_FROM) / (FADES_TO - FADES_FROM), 0.0), 1.0);
    return 1.0 - (1.0 - FADED) * x * x * (3.0 - 2.0 * x);
}

/* Put what the frame asks for into `wanted`. */
static void want(
    const Robot *robot, const Pose *pose, const Placed *placed, const Target *target,
    Wanted *wanted)
{
    wanted->target = target;
    memcpy(wanted->point_weight, robot->point_weight, sizeof(wanted->point_weight));
    memcpy(wanted->point[0], target->middle, sizeof(target->middle));
    memcpy(wanted->point[LIMBS], target->end, sizeof(target->end));
    memcpy(wanted->point[2 * LIMBS], target->base_position, sizeof(target->base_position));
    hold_feet(robot, pose, target, wanted);
    for (int limb = 0; limb < LIMBS; ++limb) {
        double root[3], away[3];
        place_point(&placed->frame[1 + robot->root_joint[limb]], robot->root + 3 * limb, root);
        subtract3(wanted->point[LIMBS + limb], root, away);
        wanted->point_weight[LIMBS + limb] *= fade(length3(away) / robot->reach[limb]);
    }
    const double *turn[TURNS] = {
        target->chest_turn, target->foot_turn[0], target->foot_turn[1], target->hand_turn[0],
        target->hand_turn[1], target->base_rotation};
    for (int k = 0; k < TURNS; ++k) {
        multiply(turn[k], robot->turn_neutral + 9 * k, wanted->turn[k]);
    }
}

/* Take one Gauss-Newton step within the bounds. */
void step_towards(
    const Robot *robot, Pose *pose, const Target *target, const Bounds *bounds)
{
    static _Thread_local Quadratic problem;
    double lower[MOST_COLUMNS], upper[MOST_COLUMNS], step[MOST_COLUMNS];
    Placed placed;
    Wanted wanted;
    const int columns = BASE + robot->joints;
    problem.columns = columns;
    memset(problem.gradient, 0, sizeof(problem.gradient));
    for (int i = 0; i < columns; ++i) {
        memset(problem.hessian[i], 0, (i + 1) * sizeof(double));
    }
    place_robot(robot, pose, &placed);
    want(robot, pose, &placed, target, &wanted);
    const double error = add_tasks(robot, &placed, &wanted, &problem, pose->off);
    const double damping = robot->damping + robot->error_damping * error;
    for (int i = 0; i < BASE; ++i) {
        problem.hessian[i][i] += damping;
        lower[i] = robot->is_base_locked ? 0.0 : -INFINITY;
        upper[i] = robot->is_base_locked ? 0.0 : INFINITY;
    }
    const double steady = bounds->steady * bounds->steady;
    for (int j = 0; j < robot->joints; ++j) {
        const int i = BASE + j, is_seeded = pose->is_seeded && isfinite(pose->seed[j]);
        const double rest = is_seeded ? pose->seed[j] : robot->rest[j];
        const double posture = is_seeded ? robot->seed_posture : robot->posture;
        problem.hessian[i][i] += damping + posture * posture + steady;
        problem.gradient[i] += posture * posture * (rest - pose->joints[j]) +
            steady * (bounds->expected[j] - pose->joints[j]);
        lower[i] = bounds->least[j] - pose->joints[j];
        upper[i] = bounds->greatest[j] - pose->joints[j];
    }
    solve_in_box(&problem, lower, upper, step);
    if (robot->pairs > 0) {
        keep_apart(robot, &placed, bounds->room, &problem, lower, upper, step);
    }
    for (int i = 0; i < 3; ++i) {
        pose->base_position[i] += step[i];
    }
    turn_by(pose->base_rotation, step + 3);
    for (int j = 0; j < robot->joints; ++j) {
        pose->joints[j] = fmin(
            fmax(pose->joints[j] + step[BASE + j], bounds->least[j]), bounds->greatest[j]);
    }
}

static void room_of_pairs(const Robot *robot, const Pose *pose, double *room)
{
    Placed placed;
    if (robot->pairs > 0) {
        place_robot(robot, pose, &placed);
        rooms(robot, &placed, room);
    }
}

static int are_apart(const Robot *robot, const Pose *pose)
{
    double room[MOST_PAIRS];
    room_of_pairs(robot, pose, room);
    for (int p = 0; p < robot->pairs; ++p) {
        if (room[p] < -GIVEN_IN_M) {
            return 0;
        }
    }
    return 1;
}

static void follow_frame(const Robot *robot, Pose *pose, const Target *target, double dt_s)
{
    double start[MOST_JOINTS];
    Bounds bounds;
    if (!pose->is_begun) {
        begin(robot, pose, target);
    }
    memcpy(start, pose->joints, robot->joints * sizeof(double));
    reach_of_joints(robot, pose, dt_s, bounds.least, bounds.greatest);
    for (int j = 0; j < robot->joints; ++j) {
        bounds.least[j] = fmax(start[j] + bounds.least[j], fmin(robot->lower[j], start[j]));
        bounds.greatest[j] =
            fmin(start[j] + bounds.greatest[j], fmax(robot->upper[j], start[j]));
        bounds.expected[j] = start[j] + CARRIED * pose->speed[j] * dt_s;
    }
    bounds.steady = robot->steady;
    watch_feet(robot, pose, target, dt_s);
    room_of_pairs(robot, pose, bounds.room);
    for (int k = 0; k < robot->iterations + MORE_STEPS; ++k) {
        if (k >= robot->iterations && are_apart(robot, pose)) {
            break;
        }
        step_towards(robot, pose, target, &bounds);
    }
    for (int j = 0; j < robot->joints; ++j) {
        pose->speed[j] = (pose->joints[j] - start[j]) / dt_s;
    }
    watch_for_stuck(robot, pose, target, dt_s);
}

/*
 * Follow frames, each dt_s after the one before.
 *
 * Joints (F, J) [rad], positions (F, 3) [m] and rotations (F, 3, 3) of the base are put out.
 */
void follow(
    const Robot *robot, Pose *pose, const Target *targets, int32_t frames, double dt_s,
    double *joints, double *base_positions, double *base_rotations)
{
    for (int32_t frame = 0; frame < frames; ++frame) {
        follow_frame(robot, pose, targets + frame, dt_s);
        memcpy(joints + (long)frame * robot->joints, pose->joints,
               robot->joints * sizeof(double));
        memcpy(base_rotations + 9L * frame, pose->base_rotation, sizeof(pose->base_rotation));
        memcpy(base_positions + 3L * frame, pose->base_position, sizeof(pose->base_position));
    }
}

/* Put where the capsules are (C, 2, 3) [m], and the room of their pairs (P) [m], of a pose. */
void place_parts(const Robot *robot, const Pose *pose, double *ends, double *room)
{
    Placed placed;
    place_robot(robot, pose, &placed);
    place_capsules(robot, &placed, (double(*)[2][3])ends);
    rooms(robot, &placed, room);
}

/* The version of the structures. */
int32_t kernel_abi(void)
{
    return KERNEL_ABI;
}
