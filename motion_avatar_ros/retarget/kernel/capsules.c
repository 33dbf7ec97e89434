/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a robot that are kept from each other, as capsules.
 */
#include "kernel.h"
#include "rotation.h"

enum { ROUNDS = 4 };

static const double NEAR_M = 0.1;       /* a frame brings no pair closer by more */
static const double TOUCHING_M = 1e-6;
static const double EDGE_M = 1e-9;      /* rounding */
static const double RECOVERED = 0.5;    /* share of what lacks that a frame leaves */

static double clamped(double value)
{
    return value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
}

/*
 * Return the distance [m] of two segments' closest points, and put those into `points`.
 *
 * Clamp one, take the closest of the other, clamp it, and the first again (Ericson, Real-Time
 * Collision Detection, 5.1.9); a segment may have no length.
 */
static double closest_points(
    const double first[2][3], const double second[2][3], double points[2][3])
{
    double u[3], v[3], w[3], between[3];
    subtract3(first[1], first[0], u);
    subtract3(second[1], second[0], v);
    subtract3(first[0], second[0], w);
    const double uu = fmax(dot3(u, u), 1e-12), vv = fmax(dot3(v, v), 1e-12);
    const double uv = dot3(u, v), uw = dot3(u, w), vw = dot3(v, w);
    const double lean = uu * vv - uv * uv;
    double s = lean > 1e-12 ? clamped((uv * vw - vv * uw) / lean) : 0.0;
    const double t = clamped((uv * s + vw) / vv);
    s = clamped((uv * t - uw) / uu);
    for (int i = 0; i < 3; ++i) {
        points[0][i] = first[0][i] + s * u[i];
        points[1][i] = second[0][i] + t * v[i];
    }
    subtract3(points[0], points[1], between);
    return length3(between);
}

/* Put distances (P) and closest points (P, 2, 3) [m] of pairs (P, 2) of segments (C, 2, 3) out. */
void pair_distances(
    const double *ends, const int32_t *pair, int32_t pairs, double *distance, double *points)
{
    const double(*end)[2][3] = (const double(*)[2][3])ends;
    double(*point)[2][3] = (double(*)[2][3])points;
    for (int p = 0; p < pairs; ++p) {
        distance[p] = closest_points(end[pair[2 * p]], end[pair[2 * p + 1]], point[p]);
    }
}

/* Put the ends (C, 2, 3) [m] of all capsules, in the world, into `ends`. */
void place_capsules(const Robot *robot, const Placed *placed, double ends[][2][3])
{
    for (int c = 0; c < robot->capsules; ++c) {
        const Frame *frame = &placed->frame[1 + robot->capsule_joint[c]];
        for (int k = 0; k < 2; ++k) {
            place_point(frame, robot->capsule_end + 6 * c + 3 * k, ends[c][k]);
        }
    }
}

/* Put how much further apart (P) [m] each pair is than it must be into `room`. */
void rooms(const Robot *robot, const Placed *placed, double *room)
{
    double ends[MOST_CAPSULES][2][3], points[2][3];
    place_capsules(robot, placed, ends);
    for (int p = 0; p < robot->pairs; ++p) {
        const int32_t *pair = robot->pair + 2 * p;
        room[p] = closest_points(ends[pair[0]], ends[pair[1]], points) - robot->least[p];
    }
}

/* Put how a pair's distance changes with each joint into `change` (columns). */
static void change_of_distance(
    const Robot *robot, const Placed *placed, const int32_t *pair, double points[2][3],
    double distance, double *change)
{
    int index[MOST_COLUMNS];
    double column[MOST_COLUMNS][3], away[3];
    subtract3(points[0], points[1], away);
    memset(change, 0, (BASE + robot->joints) * sizeof(double));
    for (int side = 0; side < 2; ++side) {
        const double factor = (side ? -1.0 : 1.0) / fmax(distance, TOUCHING_M);
        const int count = column_of_point(
            robot, placed, robot->capsule_joint[pair[side]], points[side], index, column);
        for (int i = 0; i < count; ++i) {
            change[index[i]] += factor * dot3(away, column[i]);
        }
    }
}

/* How near a pair is, and how that changes with each joint. */
typedef struct {
    int pair;
    double room, change[MOST_COLUMNS];
} NearPair;

static int near_pairs(const Robot *robot, const Placed *placed, NearPair *near)
{
    double ends[MOST_CAPSULES][2][3], points[2][3];
    int count = 0;
    place_capsules(robot, placed, ends);
    for (int p = 0; p < robot->pairs; ++p) {
        const int32_t *pair = robot->pair + 2 * p;
        const double distance = closest_points(ends[pair[0]], ends[pair[1]], points);
        const double room = distance - robot->least[p];
        if (room < NEAR_M) {
            near[count].pair = p;
            near[count].room = room;
            change_of_distance(robot, placed, pair, points, distance, near[count++].change);
        }
    }
    return count;
}

/* Add the square of what a pair lacks to the tasks; below zero it is taken away again. */
static void weigh_pair(const NearPair *near, double lacking, double square, Quadratic *problem)
{
    for (int i = 0; i < problem->columns; ++i) {
        const double weighted = square * near->change[i];
        if (weighted == 0.0) {
            continue;
        }
        problem->gradient[i] += weighted * lacking;
        for (int k = 0; k <= i; ++k) {
            problem->hessian[i][k] += weighted * near->change[k];
        }
    }
}

/*
 * Solve again with those pairs kept apart that the step brings too close.
 *
 * Keeping a pair apart joins the tasks and outweighs them. It only pushes: a pair that the step
 * leaves further apart, once others push, is let go, or it would hold the robot where it is. A
 * frame may use a share of the room (P) [m] that a pair had at its start: there is time to brake.
 */
void keep_apart(
    const Robot *robot, const Placed *placed, const double *room_at_start, Quadratic *problem,
    const double *lower, const double *upper, double *step)
{
    static _Thread_local NearPair pairs[MOST_PAIRS];
    int is_kept[MOST_PAIRS] = {0};
    const int columns = problem->columns, count = near_pairs(robot, placed, pairs);
    for (int round = 0; round < ROUNDS; ++round) {
        int changes = 0;
        for (int n = 0; n < count; ++n) {
            const NearPair *near = &pairs[n];
            const double start = room_at_start[near->pair];
            const double least = start * (start < 0.0 ? RECOVERED : robot->closed);
            double then = near->room;
            for (int i = 0; i < columns; ++i) {
                then += near->change[i] * step[i];
            }
            if (is_kept[n] == (then < least - EDGE_M)) {
                continue;
            }
            is_kept[n] = !is_kept[n];
            changes = 1;
            const double weight = robot->apart[near->pair];
            weigh_pair(
                near, least - near->room, is_kept[n] ? weight * weight : -weight * weight,
                problem);
        }
        if (!changes) {
            break;
        }
        solve_in_box(problem, lower, upper, step);
    }
}
