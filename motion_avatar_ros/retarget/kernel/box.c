/* Copyright 2026 motion_avatar_ros contributors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The least value of a quadratic in a box: primal-dual active sets (Hintermueller, Ito, Kunisch,
 * 2002). What leaves the box is put on its edge, what is pulled back inside is let go, until
 * neither happens.
 */
#include "kernel.h"
#include "rotation.h"

enum { ROUNDS = 8 };

static const double EDGE = 1e-12;   /* rounding */

/* The sum of products of n numbers. */
static double dot(const double *a, const double *b, int n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Solve for the free variables, the others being where `step` has them (Cholesky). */
static void solve_free(const Quadratic *problem, const int8_t *side, double *step)
{
    static _Thread_local double factor[MOST_COLUMNS][MOST_COLUMNS];
    int free[MOST_COLUMNS], count = 0;
    double right[MOST_COLUMNS];
    const int columns = problem->columns;
    for (int i = 0; i < columns; ++i) {
        if (side[i] == 0) {
            free[count++] = i;
        }
    }
    for (int i = 0; i < count; ++i) {
        const double *row = problem->hessian[free[i]];
        double sum = problem->gradient[free[i]];
        if (count < columns) {
            for (int k = 0; k < columns; ++k) {
                if (side[k] != 0) {
                    sum -= step[k] * (k <= free[i] ? row[k] : problem->hessian[k][free[i]]);
                }
            }
        }
        for (int k = 0; k < i; ++k) {
            factor[i][k] =
                (row[free[k]] - dot(factor[i], factor[k], k)) * factor[k][k];
        }
        /* Damping keeps this above zero; its reciprocal is kept. */
        factor[i][i] = 1.0 / sqrt(row[free[i]] - dot(factor[i], factor[i], i));
        right[i] = (sum - dot(factor[i], right, i)) * factor[i][i];
    }
    for (int i = count - 1; i >= 0; --i) {
        right[i] *= factor[i][i];
        step[free[i]] = right[i];
        for (int k = 0; k < i; ++k) {
            right[k] -= factor[i][k] * right[i];
        }
    }
}

/* How much a variable is pulled upwards. */
static double pull_of(const Quadratic *problem, const double *step, int i)
{
    double pull = problem->gradient[i] - dot(problem->hessian[i], step, i + 1);
    for (int k = i + 1; k < problem->columns; ++k) {
        pull -= problem->hessian[k][i] * step[k];
    }
    return pull;
}

/* Put the best step in lower <= step <= upper (columns) into `step`. */
void solve_in_box(
    const Quadratic *problem, const double *lower, const double *upper, double *step)
{
    const int columns = problem->columns;
    int8_t side[MOST_COLUMNS];      /* 1 on the upper edge, -1 on the lower, 2 cannot move */
    for (int i = 0; i < columns; ++i) {
        side[i] = lower[i] < upper[i] ? 0 : 2;
        step[i] = lower[i];
    }
    solve_free(problem, side, step);
    for (int round = 0; round < ROUNDS; ++round) {
        int changes = 0;
        int8_t now[MOST_COLUMNS];
        for (int i = 0; i < columns; ++i) {
            now[i] = side[i];
            if (side[i] == 0) {
                now[i] = (step[i] > upper[i] + EDGE) - (step[i] < lower[i] - EDGE);
            } else if (side[i] != 2 && pull_of(problem, step, i) * side[i] <= 0.0) {
                now[i] = 0;
            }
            changes += now[i] != side[i];
        }
        if (changes == 0) {
            break;
        }
        memcpy(side, now, sizeof(side));
        for (int i = 0; i < columns; ++i) {
            if (side[i] == 1 || side[i] == -1) {
                step[i] = side[i] > 0 ? upper[i] : lower[i];
            }
        }
        solve_free(problem, side, step);
    }
    for (int i = 0; i < columns; ++i) {
        step[i] = step[i] > upper[i] ? upper[i] : step[i] < lower[i] ? lower[i] : step[i];
    }
}

/* The same of a matrix (n, n), whose lower half is read; by itself only tests need it. */
void best_step(
    int32_t columns, const double *hessian, const double *gradient, const double *lower,
    const double *upper, double *step)
{
    static _Thread_local Quadratic problem;
    problem.columns = columns;
    memcpy(problem.gradient, gradient, columns * sizeof(double));
    for (int i = 0; i < columns; ++i) {
        memcpy(problem.hessian[i], hessian + (long)i * columns, (i + 1) * sizeof(double));
    }
    solve_in_box(&problem, lower, upper, step);
}
