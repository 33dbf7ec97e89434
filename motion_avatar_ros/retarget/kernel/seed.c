/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a robot begins, and how it gets out of a pose in which it is stuck.
 *
 * Step by step a joint at its limit may keep a limb from the better way round. When one stays
 * off by much of its reach, the frame is solved once more from the neutral pose; if that is much
 * better for it, and far away, the joints that differ go there within their limits.
 */
#include "kernel.h"
#include "rotation.h"

enum { BEGIN_STEPS = 50 };

static const double OFF = 0.1;              /* of a limb's reach */
static const double STUCK_S = 0.3, WAIT_S = 2.0;
static const double BETTER = 0.5;           /* of what it is off, which is worth the way */
static const double FAR_RAD = 1.0;          /* else it is the same way round, only later */
static const double SWINGS_RAD = 0.8;
static const double ARRIVED_RAD = 0.5, MOST_SEED_S = 1.5;

static void solve_afresh(const Robot *robot, Pose *pose, const Target *target)
{
    Bounds bounds = {0};
    memcpy(pose->base_rotation, target->base_rotation, sizeof(pose->base_rotation));
    memcpy(pose->base_position, target->base_position, sizeof(pose->base_position));
    for (int j = 0; j < robot->joints; ++j) {
        pose->joints[j] = fmin(fmax(robot->rest[j], robot->lower[j]), robot->upper[j]);
        bounds.least[j] = robot->is_locked[j] ? pose->joints[j] : robot->lower[j];
        bounds.greatest[j] = robot->is_locked[j] ? pose->joints[j] : robot->upper[j];
    }
    for (int k = 0; k < BEGIN_STEPS; ++k) {
        step_towards(robot, pose, target, &bounds);
    }
}

/* Go to the first frame at once: nothing was there before. */
void begin(const Robot *robot, Pose *pose, const Target *target)
{
    memset(pose->foot, 0, sizeof(pose->foot));
    pose->is_seeded = 0;
    memset(pose->stuck_s, 0, sizeof(pose->stuck_s));
    pose->wait_s = 0.0;
    solve_afresh(robot, pose, target);
    memset(pose->speed, 0, robot->joints * sizeof(double));
    pose->is_begun = 1;
}

static int is_arrived(const Robot *robot, const Pose *pose)
{
    for (int j = 0; j < robot->joints; ++j) {
        if (isfinite(pose->seed[j]) && fabs(pose->joints[j] - pose->seed[j]) > ARRIVED_RAD) {
            return 0;
        }
    }
    return 1;
}

/* Count how long limbs are off, back again while they are not; say whether one is stuck. */
static int count_stuck(const Robot *robot, Pose *pose, double dt_s)
{
    int any = 0;
    for (int limb = 0; limb < LIMBS; ++limb) {
        const int is_off = pose->off[limb] > OFF * robot->reach[limb];
        pose->stuck_s[limb] = fmax(pose->stuck_s[limb] + (is_off ? dt_s : -dt_s), 0.0);
        any |= pose->stuck_s[limb] > STUCK_S;
    }
    return any;
}

void watch_for_stuck(const Robot *robot, Pose *pose, const Target *target, double dt_s)
{
    if (pose->is_seeded) {
        pose->seed_s += dt_s;
        if (is_arrived(robot, pose) || pose->seed_s > MOST_SEED_S) {
            pose->is_seeded = 0;
        }
        return;
    }
    pose->wait_s = fmax(pose->wait_s - dt_s, 0.0);
    if (!count_stuck(robot, pose, dt_s) || pose->wait_s > 0.0) {
        return;
    }
    Pose fresh = *pose;
    double joints[MOST_JOINTS], farthest = 0.0;
    fresh.joints = joints;
    solve_afresh(robot, &fresh, target);
    pose->wait_s = WAIT_S;
    int is_better = 0;
    for (int limb = 0; limb < LIMBS; ++limb) {
        is_better |= pose->stuck_s[limb] > STUCK_S && fresh.off[limb] < BETTER * pose->off[limb];
        pose->stuck_s[limb] = 0.0;
    }
    for (int j = 0; j < robot->joints; ++j) {
        const double way = fabs(joints[j] - pose->joints[j]);
        farthest = fmax(farthest, way);
        pose->seed[j] = way > SWINGS_RAD ? joints[j] : NAN;
    }
    if (is_better && farthest > FAR_RAD) {
        pose->is_seeded = 1;
        pose->seed_s = 0.0;
        ++pose->seeds;
    }
}
