/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Weighted tasks of points and links as a quadratic (Gauss-Newton), and the chains' sparsity.
 */
#include "kernel.h"
#include "rotation.h"

static const double MOST_BEND_RAD = 1.0;    /* far from its plane a limb is turned steadily */

/* Add a task's square: (weight (J x - lacking))^2. Columns come with descending numbers. */
static double add_square(
    Quadratic *problem, int count, const int *index, double column[][3],
    const double lacking[3], double weight)
{
    const double square = weight * weight;
    for (int i = 0; i < count; ++i) {
        double *row = problem->hessian[index[i]];
        const double weighted[3] = {
            square * column[i][0], square * column[i][1], square * column[i][2]};
        problem->gradient[index[i]] += dot3(weighted, lacking);
        for (int k = i; k < count; ++k) {
            row[index[k]] += dot3(weighted, column[k]);
        }
    }
    return square * dot3(lacking, lacking);
}

static int columns_of_turn(
    const Robot *robot, const Placed *placed, int joint, int *index, double column[][3])
{
    int count = 0;
    for (; joint >= 0; joint = robot->parent[joint]) {
        memcpy(column[count], placed->axis[joint], sizeof(column[count]));
        index[count++] = BASE + joint;
    }
    for (int k = 2; k >= 0; --k) {
        for (int i = 0; i < 3; ++i) {
            column[count][i] = i == k;
        }
        index[count++] = 3 + k;
    }
    return count;
}

/*
 * Add the task that a limb bends in the person's plane, the more the more it is bent.
 *
 * Of a straight limb neither elbow nor hand tells how the upper segment is turned about itself;
 * turned the wrong way round, the elbow is kept straight by its limit, and no task gets it out.
 */
static double add_bend(
    const Robot *robot, const Placed *placed, const Target *target, int limb,
    Quadratic *problem)
{
    const double *along = target->direction[limb][0];
    const int joint = robot->bend_joint[limb], above = robot->parent[joint];
    double normal[3], axis[3], across[3], column[MOST_COLUMNS][3];
    int index[MOST_COLUMNS];
    cross3(along, target->direction[limb][1], normal);
    const double sine = length3(normal);
    const double sign = robot->bend_weight[limb] < 0.0 ? -1.0 : 1.0;
    for (int i = 0; i < 3; ++i) {
        axis[i] = sign * placed->axis[joint][i];
    }
    cross3(axis, normal, across);
    double angle = atan2(dot3(across, along), dot3(axis, normal));
    angle = fmin(fmax(angle, -MOST_BEND_RAD), MOST_BEND_RAD);
    const int count = columns_of_turn(robot, placed, above, index, column);
    for (int i = 0; i < count; ++i) {   /* the turn about the segment is all that counts */
        column[i][0] = dot3(column[i], along);
        column[i][1] = column[i][2] = 0.0;
    }
    const double lacking[3] = {angle, 0.0, 0.0};
    return add_square(
        problem, count, index, column, lacking, robot->bend_weight[limb] * sine * sine);
}

/*
 * Add the task that a segment, between points of two links of a chain, points a way.
 *
 * Where a limb's root gives way, for feet that stand or a trunk that is too stiff, places of its
 * elbow and hand ask for other directions than the person's; this asks for those themselves.
 */
static double add_way(
    const Robot *robot, const Placed *placed, int inner, const double start[3], int outer,
    const double end[3], const double way[3], double weight, Quadratic *problem)
{
    double segment[3], from[3], lacking[3], column[MOST_COLUMNS][3];
    int index[MOST_COLUMNS];
    subtract3(end, start, segment);
    const double length = fmax(length3(segment), 1e-3);
    int count = columns_of_turn(robot, placed, outer, index, column), is_between = 1;
    for (int i = 0; i < count; ++i) {   /* a joint in between moves the end, others turn both */
        const int joint = index[i] - BASE;
        is_between = is_between && joint >= 0 && joint != inner;
        memcpy(from, segment, sizeof(from));
        if (is_between) {
            subtract3(end, placed->frame[1 + joint].origin, from);
        }
        const double axis[3] = {column[i][0], column[i][1], column[i][2]};
        cross3(axis, from, column[i]);
    }
    for (int i = 0; i < 3; ++i) {
        lacking[i] = length * way[i] - segment[i];
    }
    return add_square(problem, count, index, column, lacking, weight / length);
}

/* Add that both segments of a limb point as the person's do. */
static double add_ways(
    const Robot *robot, const Placed *placed, const Target *target, int limb,
    Quadratic *problem)
{
    const double weight = robot->way_weight[limb];
    const int joint[3] = {
        robot->root_joint[limb], robot->point_joint[limb], robot->point_joint[LIMBS + limb]};
    double place[3][3], error = 0.0;
    place_point(&placed->frame[1 + joint[0]], robot->root + 3 * limb, place[0]);
    for (int part = 0; part < 2; ++part) {
        place_point(
            &placed->frame[1 + joint[part + 1]], robot->point + 3 * (part * LIMBS + limb),
            place[part + 1]);
        error += add_way(
            robot, placed, joint[part], place[part], joint[part + 1], place[part + 1],
            target->direction[limb][part], weight, problem);
    }
    return error;
}

/*
 * Add all tasks; return their weighted squared error in the pose as it is, and put the distance
 * [m] of each limb's point that is off most into `off`.
 */
double add_tasks(
    const Robot *robot, const Placed *placed, const Wanted *wanted, Quadratic *problem,
    double off[LIMBS])
{
    int index[MOST_COLUMNS];
    double column[MOST_COLUMNS][3], lacking[3], error = 0.0;
    memset(off, 0, LIMBS * sizeof(double));
    for (int task = 0; task < POINTS; ++task) {
        if (wanted->point_weight[task] == 0.0) {
            continue;
        }
        const int joint = robot->point_joint[task];
        double point[3];
        place_point(&placed->frame[1 + joint], robot->point + 3 * task, point);
        subtract3(wanted->point[task], point, lacking);
        if (task < 2 * LIMBS) {
            off[task % LIMBS] = fmax(off[task % LIMBS], length3(lacking));
        }
        const int count = column_of_point(robot, placed, joint, point, index, column);
        error += add_square(
            problem, count, index, column, lacking, wanted->point_weight[task]);
    }
    for (int task = 0; task < TURNS; ++task) {
        if (robot->turn_weight[task] == 0.0) {
            continue;
        }
        const int joint = robot->turn_joint[task];
        double askew[9];
        multiply_transposed(wanted->turn[task], placed->frame[1 + joint].rotation, askew);
        rotation_vector(askew, lacking);
        const int count = columns_of_turn(robot, placed, joint, index, column);
        error += add_square(
            problem, count, index, column, lacking, robot->turn_weight[task]);
    }
    for (int limb = 0; limb < LIMBS; ++limb) {
        if (robot->way_weight[limb] != 0.0) {
            error += add_ways(robot, placed, wanted->target, limb, problem);
        }
        if (robot->bend_weight[limb] != 0.0) {
            error += add_bend(robot, placed, wanted->target, limb, problem);
        }
    }
    return error;
}
