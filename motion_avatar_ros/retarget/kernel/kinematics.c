/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a robot's links are, and how its joints move a point.
 */
#include "kernel.h"
#include "rotation.h"

void place_point(const Frame *frame, const double local[3], double out[3])
{
    rotate(frame->rotation, local, out);
    for (int i = 0; i < 3; ++i) {
        out[i] += frame->origin[i];
    }
}

void place_robot(const Robot *robot, const Pose *pose, Placed *placed)
{
    memcpy(placed->frame[0].rotation, pose->base_rotation, sizeof(pose->base_rotation));
    memcpy(placed->frame[0].origin, pose->base_position, sizeof(pose->base_position));
    for (int joint = 0; joint < robot->joints; ++joint) {
        const Frame *parent = &placed->frame[1 + robot->parent[joint]];
        Frame *frame = &placed->frame[1 + joint];
        const double *place = robot->place + 12 * joint, *axis = robot->axis + 3 * joint;
        double still[9], turn[9];
        multiply(parent->rotation, place, still);
        place_point(parent, place + 9, frame->origin);
        rotation_about(axis, pose->joints[joint], turn);
        multiply(still, turn, frame->rotation);
        rotate(still, axis, placed->axis[joint]);
    }
}

/*
 * Put how a point (3) [m] of a joint's link moves with the joints that move it into columns, and
 * the numbers of those columns into `index`, descending; return how many. Those of the base's
 * origin are unit vectors and come last.
 */
int column_of_point(
    const Robot *robot, const Placed *placed, int joint, const double point[3],
    int index[MOST_COLUMNS], double column[MOST_COLUMNS][3])
{
    int count = 0;
    double from[3];
    for (; joint >= 0; joint = robot->parent[joint]) {
        subtract3(point, placed->frame[1 + joint].origin, from);
        cross3(placed->axis[joint], from, column[count]);
        index[count++] = BASE + joint;
    }
    subtract3(point, placed->frame[0].origin, from);
    const double turned[3][3] = {
        {0.0, -from[2], from[1]}, {from[2], 0.0, -from[0]}, {-from[1], from[0], 0.0}};
    for (int k = 2; k >= 0; --k) {
        memcpy(column[count], turned[k], sizeof(turned[k]));
        index[count++] = 3 + k;
    }
    for (int k = 2; k >= 0; --k) {
        for (int i = 0; i < 3; ++i) {
            column[count][i] = i == k;
        }
        index[count++] = k;
    }
    return count;
}
