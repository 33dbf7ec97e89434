/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * How far each joint may go in the next frame: position, velocity and acceleration, hard.
 *
 * A joint may only be as fast as it can still brake, by its acceleration, before its position
 * limit; then the three limits never contradict each other. JointLimits in joint_limits.py is
 * the same for the commands that leave, and a test compares both.
 */
#include "kernel.h"
#include "rotation.h"

/* The greatest speed [rad/s] from which a joint still stops within its room [rad]. */
static double brakes(double room, double acceleration, double dt_s)
{
    /* After this frame there must be room for the parabola of braking, which is enough however
     * long the frames to come are: room = v dt + v^2 / 2a. */
    return acceleration * (sqrt(dt_s * dt_s + 2.0 * fmax(room, 0.0) / acceleration) - dt_s);
}

/* Put the least and the greatest step (J) [rad] of the next frame into `least`, `greatest`. */
void reach_of_joints(
    const Robot *robot, const Pose *pose, double dt_s, double *least, double *greatest)
{
    for (int joint = 0; joint < robot->joints; ++joint) {
        const double position = pose->joints[joint], speed = pose->speed[joint];
        const double velocity = robot->velocity[joint];
        const double acceleration = robot->acceleration[joint];
        const double change = acceleration * dt_s;
        const double fastest = fmin(velocity, speed + change);
        const double slowest = fmax(-velocity, speed - change);
        double high = fmin(fastest, brakes(robot->upper[joint] - position, acceleration, dt_s));
        double low = fmax(slowest, -brakes(position - robot->lower[joint], acceleration, dt_s));
        /* Only where limits just changed: as far towards the allowed as acceleration lets. */
        high = fmax(high, fmin(slowest, velocity));
        low = fmin(fmax(low, -velocity), high);
        least[joint] = robot->is_locked[joint] ? 0.0 : low * dt_s;
        greatest[joint] = robot->is_locked[joint] ? 0.0 : high * dt_s;
    }
}
