/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Vectors (3) and rotation matrices (9, row by row). Results may not alias arguments.
 */
#ifndef MOTION_AVATAR_ROTATION_H
#define MOTION_AVATAR_ROTATION_H

#include <math.h>
#include <string.h>

static inline double dot3(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline double length3(const double a[3])
{
    return sqrt(dot3(a, a));
}

static inline void subtract3(const double a[3], const double b[3], double out[3])
{
    for (int i = 0; i < 3; ++i) {
        out[i] = a[i] - b[i];
    }
}

static inline void cross3(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* R a */
static inline void rotate(const double r[9], const double a[3], double out[3])
{
    for (int i = 0; i < 3; ++i) {
        out[i] = dot3(r + 3 * i, a);
    }
}

/* A B */
static inline void multiply(const double a[9], const double b[9], double out[9])
{
    for (int i = 0; i < 3; ++i) {
        for (int k = 0; k < 3; ++k) {
            out[3 * i + k] =
                a[3 * i] * b[k] + a[3 * i + 1] * b[3 + k] + a[3 * i + 2] * b[6 + k];
        }
    }
}

/* A B' */
static inline void multiply_transposed(const double a[9], const double b[9], double out[9])
{
    for (int i = 0; i < 3; ++i) {
        for (int k = 0; k < 3; ++k) {
            out[3 * i + k] = dot3(a + 3 * i, b + 3 * k);
        }
    }
}

/* Rodrigues: of a unit axis and an angle [rad]. */
static inline void rotation_about(const double axis[3], double angle, double out[9])
{
    const double s = sin(angle), c = cos(angle), v = 1.0 - c;
    const double x = axis[0], y = axis[1], z = axis[2];
    out[0] = c + v * x * x;
    out[1] = v * x * y - s * z;
    out[2] = v * x * z + s * y;
    out[3] = v * x * y + s * z;
    out[4] = c + v * y * y;
    out[5] = v * y * z - s * x;
    out[6] = v * x * z - s * y;
    out[7] = v * y * z + s * x;
    out[8] = c + v * z * z;
}

/* The rotation vector of a rotation; near half a turn its axis is a guess. */
static inline void rotation_vector(const double r[9], double out[3])
{
    const double skew[3] = {
        0.5 * (r[7] - r[5]), 0.5 * (r[2] - r[6]), 0.5 * (r[3] - r[1])};
    const double sine = length3(skew);
    const double angle = atan2(sine, 0.5 * (r[0] + r[4] + r[8] - 1.0));
    const double factor = sine > 1e-9 ? angle / sine : 1.0;
    for (int i = 0; i < 3; ++i) {
        out[i] = factor * skew[i];
    }
}

/* Turn a rotation by a small rotation vector in the world's axes, and keep it one. */
static inline void turn_by(double r[9], const double vector[3])
{
    const double angle = length3(vector);
    double turn[9], turned[9];
    if (angle < 1e-12) {
        return;
    }
    const double axis[3] = {vector[0] / angle, vector[1] / angle, vector[2] / angle};
    rotation_about(axis, angle, turn);
    multiply(turn, r, turned);
    /* Rounding would add up over hours: rows are made unit and orthogonal again. */
    double *x = turned, *y = turned + 3;
    const double x_length = length3(x);
    for (int i = 0; i < 3; ++i) {
        x[i] /= x_length;
    }
    const double overlap = dot3(x, y);
    for (int i = 0; i < 3; ++i) {
        y[i] -= overlap * x[i];
    }
    const double y_length = length3(y);
    for (int i = 0; i < 3; ++i) {
        y[i] /= y_length;
    }
    cross3(x, y, turned + 6);
    memcpy(r, turned, sizeof(turned));
}

#endif
