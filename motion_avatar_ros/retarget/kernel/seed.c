/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a robot begins, and how it gets out of a pose in which it is stuck.
 *
 * Step by step a joint at its limit may keep a limb from the better way round. When one stays
 * far off although the person hardly moves, the frame is solved once more from the neutral pose;
 * if that is much better, the joints go there within their limits.
 */
#include "kernel.h"
#include "rotation.h"

enum { BEGIN_STEPS = 50 };

static const double STUCK_M = 0.1;          /* of the joint that is off most */
static const double STILL_M_S = 0.2;
static const double STUCK_S = 0.5, WAIT_S = 2.0;
static const double BETTER = 0.5;           /* of that, which is worth the way */
static const double ARRIVED_RAD = 0.2, MOST_SEED_S = 1.5;

static void solve_afresh(const Robot *robot, Pose *pose, const Target *target)
{
    double room[MOST_PAIRS] = {0};
    memcpy(pose->base_rotation, target->base_rotation, sizeof(pose->base_rotation));
    memcpy(pose->base_position, target->base_position, sizeof(pose->base_position));
    for (int j = 0; j < robot->joints; ++j) {
        pose->joints[j] = fmin(fmax(robot->rest[j], robot->lower[j]), robot->upper[j]);
    }
    double least[MOST_JOINTS], greatest[MOST_JOINTS];
    for (int j = 0; j < robot->joints; ++j) {
        least[j] = robot->is_locked[j] ? pose->joints[j] : robot->lower[j];
        greatest[j] = robot->is_locked[j] ? pose->joints[j] : robot->upper[j];
    }
    for (int k = 0; k < BEGIN_STEPS; ++k) {
        step_towards(robot, pose, target, least, greatest, room);
    }
}

/* Go to the first frame at once: nothing was there before. */
void begin(const Robot *robot, Pose *pose, const Target *target)
{
    memset(pose->foot, 0, sizeof(pose->foot));
    pose->is_seeded = 0;
    pose->stuck_s = pose->seed_s = 0.0;
    solve_afresh(robot, pose, target);
    memset(pose->speed, 0, robot->joints * sizeof(double));
    pose->is_begun = 1;
}

static int is_arrived(const Robot *robot, const Pose *pose)
{
    for (int j = 0; j < robot->joints; ++j) {
        if (fabs(pose->joints[j] - pose->seed[j]) > ARRIVED_RAD) {
            return 0;
        }
    }
    return 1;
}

/* Say whether the person hardly moves: then it is not for lack of time that a robot is off. */
static int is_still(Pose *pose, const Target *target, double dt_s)
{
    double limbs[2 * LIMBS][3], moved[3];
    int still = 1;
    memcpy(limbs[0], target->middle, sizeof(target->middle));
    memcpy(limbs[LIMBS], target->end, sizeof(target->end));
    for (int k = 0; k < 2 * LIMBS; ++k) {
        subtract3(limbs[k], pose->limbs[k], moved);
        still &= length3(moved) < STILL_M_S * dt_s;
    }
    memcpy(pose->limbs, limbs, sizeof(limbs));
    return still;
}

void watch_for_stuck(const Robot *robot, Pose *pose, const Target *target, double dt_s)
{
    const int seems_stuck = is_still(pose, target, dt_s) && pose->off > STUCK_M;
    if (pose->is_seeded) {
        pose->seed_s += dt_s;
        if (is_arrived(robot, pose) || pose->seed_s > MOST_SEED_S) {
            pose->is_seeded = 0;
            pose->stuck_s = STUCK_S - WAIT_S;
        }
        return;
    }
    pose->stuck_s = seems_stuck || pose->stuck_s < 0.0 ? pose->stuck_s + dt_s : 0.0;
    if (pose->stuck_s < STUCK_S) {
        return;
    }
    Pose fresh = *pose;
    double joints[MOST_JOINTS];
    fresh.joints = joints;
    solve_afresh(robot, &fresh, target);
    pose->stuck_s = STUCK_S - WAIT_S;
    if (fresh.off < BETTER * pose->off) {
        memcpy(pose->seed, joints, robot->joints * sizeof(double));
        pose->is_seeded = 1;
        pose->seed_s = 0.0;
        ++pose->seeds;
    }
}
