/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Feet that stay where they stand.
 *
 * A person's foot stands while its toe is low and hardly moves. The robot's toe is then held
 * where it was, on the floor, its ankle is asked for accordingly, its knee half as far, and all
 * are let go over some frames when the person's toe leaves. A person who slides takes the foot
 * along on a leash.
 */
#include "kernel.h"
#include "rotation.h"

static const double STANDS_M = 0.06, STANDS_M_S = 0.1;     /* of the person's toe */
static const double LEAVES_M = 0.08, LEAVES_M_S = 0.2;
static const double GRIP_S = 0.05, RELEASE_S = 0.12;
static const double LEASH_M = 0.1;

void watch_feet(const Robot *robot, Pose *pose, const Target *target, double dt_s)
{
    if (!robot->holds_feet) {
        return;
    }
    Placed placed;
    int is_placed = 0;
    for (int side = 0; side < 2; ++side) {
        Foot *foot = &pose->foot[side];
        const double *toe = target->person_toe[side], *asked = target->toe[side];
        double moved[3];
        subtract3(toe, foot->before, moved);
        const double speed = foot->is_known ? length3(moved) / dt_s : INFINITY;
        memcpy(foot->before, toe, sizeof(foot->before));
        foot->is_known = 1;
        if (foot->stands) {
            foot->stands = speed < LEAVES_M_S && toe[2] < LEAVES_M;
        } else if (speed < STANDS_M_S && toe[2] < STANDS_M) {
            const int task = POINTS - 2 + side;
            if (!is_placed) {
                place_robot(robot, pose, &placed);
                is_placed = 1;
            }
            foot->stands = 1;
            place_point(
                &placed.frame[1 + robot->point_joint[task]], robot->point + 3 * task,
                foot->held);
        }
        const double change = foot->stands ? dt_s / GRIP_S : -dt_s / RELEASE_S;
        foot->contact = fmin(fmax(foot->contact + change, 0.0), 1.0);
        if (foot->contact == 0.0) {
            continue;
        }
        const double off[2] = {foot->held[0] - asked[0], foot->held[1] - asked[1]};
        const double length = hypot(off[0], off[1]);
        if (length > LEASH_M) {
            foot->held[0] = asked[0] + off[0] * LEASH_M / length;
            foot->held[1] = asked[1] + off[1] * LEASH_M / length;
        }
        foot->held[2] = 0.0;   /* the floor */
    }
}

void hold_feet(const Robot *robot, const Pose *pose, const Target *target, Wanted *wanted)
{
    for (int side = 0; side < 2; ++side) {
        const int toe = POINTS - 2 + side, ankle = LIMBS + side;
        const double share = robot->holds_feet ? pose->foot[side].contact : 0.0;
        const double contact = share * share * (3.0 - 2.0 * share);
        wanted->point_weight[toe] = robot->point_weight[toe] * contact;
        for (int i = 0; i < 3; ++i) {
            const double off = contact * (pose->foot[side].held[i] - target->toe[side][i]);
            wanted->point[toe][i] = target->toe[side][i] + off;
            wanted->point[ankle][i] = target->end[side][i] + off;
            wanted->point[side][i] = target->middle[side][i] + 0.5 * off;
        }
    }
}
