/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where a robot's parts shall be for a human pose, in the robot's own proportions.
 *
 * Directions of bones are the human's, lengths of segments the robot's, and the pelvis is as
 * high as the legs' ratio asks: what position tasks ask for is what orientation tasks ask for.
 */
#include "kernel.h"
#include "rotation.h"

enum { PELVIS = 0, CHEST = 9 };

static const int PARENT[PERSON_JOINTS] = {
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19};
/* Hip, knee, ankle or shoulder, elbow, wrist. */
static const int BONES[LIMBS][3] = {{1, 4, 7}, {2, 5, 8}, {16, 18, 20}, {17, 19, 21}};
static const int TOE[2] = {10, 11};
/* Forward, left, up of SMPL's body axes (x left, y up, z forward). */
static const double ROS_FROM_SMPL[9] = {0, 0, 1, 1, 0, 0, 0, 1, 0};

static void pose_person(
    const Proportions *proportions, const double *local, const double *root,
    double rotation[PERSON_JOINTS][9], double position[PERSON_JOINTS][3])
{
    memcpy(rotation[PELVIS], local, 9 * sizeof(double));
    memcpy(position[PELVIS], root, 3 * sizeof(double));
    for (int joint = 1; joint < PERSON_JOINTS; ++joint) {
        const int parent = PARENT[joint];
        multiply(rotation[parent], local + 9 * joint, rotation[joint]);
        rotate(rotation[parent], proportions->person_offset[joint], position[joint]);
        for (int i = 0; i < 3; ++i) {
            position[joint][i] += position[parent][i];
        }
    }
}

/* The rotation about z that takes a heading away, of a body's rotation in the world. */
static void heading_removed(const double body[9], double out[9])
{
    static const double up[3] = {0.0, 0.0, 1.0};
    rotation_about(up, -atan2(body[3] - body[1], body[0] + body[4]), out);
}

static void turn_all(
    const double turn[9], double rotation[PERSON_JOINTS][9], double position[PERSON_JOINTS][3])
{
    double turned[9];
    for (int joint = 0; joint < PERSON_JOINTS; ++joint) {
        multiply(turn, rotation[joint], turned);
        memcpy(rotation[joint], turned, sizeof(turned));
        rotate(turn, position[joint], turned);
        memcpy(position[joint], turned, 3 * sizeof(double));
    }
}

static void along(const double from[3], const double way[3], double length, double out[3])
{
    for (int i = 0; i < 3; ++i) {
        out[i] = from[i] + length * way[i];
    }
}

static void build_target(
    const Proportions *proportions, const double *local, const double *root, Target *target)
{
    double rotation[PERSON_JOINTS][9], position[PERSON_JOINTS][3], to_base[9], turn[9];
    pose_person(proportions, local, root, rotation, position);
    /* A turn of the body's axes as they are in the world is one of the base's. */
    double ros_axes[9];
    multiply(proportions->axes, ROS_FROM_SMPL, ros_axes);
    for (int i = 0; i < 3; ++i) {
        for (int k = 0; k < 3; ++k) {
            to_base[3 * i + k] = ros_axes[3 * k + i];
        }
    }
    if (proportions->fixed_height >= 0.0) {
        double body[9];
        multiply_transposed(rotation[PELVIS], ROS_FROM_SMPL, body);
        heading_removed(body, turn);
        turn_all(turn, rotation, position);
        for (int i = 0; i < 3; ++i) {
            target->base_position[i] = i == 2 ? proportions->fixed_height : 0.0;
            for (int k = 0; k < 3; ++k) {
                target->base_rotation[3 * i + k] = proportions->axes[3 * k + i];
            }
        }
    } else {
        multiply(rotation[PELVIS], to_base, target->base_rotation);
        for (int i = 0; i < 3; ++i) {
            target->base_position[i] =
                proportions->scale * position[PELVIS][i] + (i == 2 ? proportions->lift : 0.0);
        }
    }
    multiply(rotation[CHEST], to_base, target->chest_turn);
    double waist[3], offset[3];
    rotate(target->base_rotation, proportions->waist, waist);
    for (int i = 0; i < 3; ++i) {
        waist[i] += target->base_position[i];
    }
    for (int limb = 0; limb < LIMBS; ++limb) {
        const int is_leg = limb < 2;
        double start[3];
        if (is_leg) {
            rotate(target->base_rotation, proportions->root[limb], start);
            along(start, target->base_position, 1.0, start);
        } else {
            subtract3(proportions->root[limb], proportions->waist, offset);
            rotate(target->chest_turn, offset, start);
            along(start, waist, 1.0, start);
        }
        for (int part = 0; part < 2; ++part) {
            double *way = target->direction[limb][part];
            subtract3(position[BONES[limb][part + 1]], position[BONES[limb][part]], way);
            const double length = fmax(length3(way), 1e-9);  /* a person may lack a bone */
            for (int i = 0; i < 3; ++i) {
                way[i] /= length;
            }
        }
        along(start, target->direction[limb][0], proportions->length[limb][0],
              target->middle[limb]);
        along(target->middle[limb], target->direction[limb][1], proportions->length[limb][1],
              target->end[limb]);
        const int side = limb % 2;
        const double *outer = rotation[BONES[limb][2]];
        if (is_leg) {
            multiply(outer, to_base, target->foot_turn[side]);
            rotate(target->foot_turn[side], proportions->toe[side], offset);
            along(target->end[limb], offset, 1.0, target->toe[side]);
            memcpy(target->person_toe[side], position[TOE[side]], 3 * sizeof(double));
        } else {
            multiply_transposed(outer, proportions->hand_neutral[side], turn);
            multiply(turn, to_base, target->hand_turn[side]);
        }
    }
}

/*
 * Build the targets of frames: local rotations (F, 22, 3, 3), SMPL's, and pelvis (F, 3) [m].
 */
void build_targets(
    const Proportions *proportions, const double *local, const double *root, int32_t frames,
    Target *targets)
{
    for (int32_t frame = 0; frame < frames; ++frame) {
        build_target(
            proportions, local + 9 * PERSON_JOINTS * (long)frame, root + 3 * (long)frame,
            targets + frame);
    }
}
