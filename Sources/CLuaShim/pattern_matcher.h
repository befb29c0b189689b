/*
 * Lua patterns (section 6.4.1 of the manual) with a budget of steps. Backtracking makes some patterns cost the square
 * or the cube of the subject's length; the stock matcher bounds only its recursion.
 */
#ifndef LECTERN_PATTERN_MATCHER_H
#define LECTERN_PATTERN_MATCHER_H

#include <lua.h>
#include <stddef.h>

#define PATTERN_ESCAPE '%'
#define PATTERN_MAX_CAPTURES 32

/* What `length` of a capture says besides a length. */
#define PATTERN_CAPTURE_OPEN (-1)
#define PATTERN_CAPTURE_POSITION (-2)

typedef struct pattern_capture {
    const char *start;
    ptrdiff_t length;
} pattern_capture;

/* One call's matcher. Subject and pattern must stay on the Lua stack (or in an upvalue) as long as it is used. */
typedef struct pattern_matcher {
    lua_State *L;
    const char *subject;
    const char *subject_end;
    const char *pattern;
    const char *pattern_end;
    size_t budget;
    size_t steps_left;
    int depth;
    /* The single-character item under the repetition that the pattern begins with; see pattern_matcher_next_start. */
    int leading_known;
    const char *leading_item;
    const char *leading_end;
    int capture_count;
    pattern_capture captures[PATTERN_MAX_CAPTURES];
} pattern_matcher;

/* Prepares a matcher. The budget is `steps` and 16 more for each byte from `start` to the subject's end. Never raises. */
void pattern_matcher_init(
    pattern_matcher *m, lua_State *L, const char *subject, size_t subject_length, const char *start,
    const char *pattern, size_t pattern_length, size_t steps);

/*
 * Matches the whole pattern at `at` and returns the end of the match, or null. Fills the captures.
 * Raises: malformed pattern, recursion too deep, budget spent.
 */
const char *pattern_matcher_match(pattern_matcher *m, const char *at);

/*
 * Where to try next after pattern_matcher_match has returned null at `at`: usually the next byte. A pattern that begins
 * with a repetition, such as '(.-)\r\n' or '%s+$', has already tried its rest at every end of the run of bytes that
 * the repetition covers, so the starts within that run are skipped: without this the search for a line's end in a
 * buffer that holds none costs the square of its length. The result may lie one byte after the subject's end: no start
 * is left. Raises when the budget is spent.
 */
const char *pattern_matcher_next_start(pattern_matcher *m, const char *at);

/* To be called when a call's last match was tried: ends the task when it has run too long. May raise; stack neutral. */
void pattern_matcher_finish(const pattern_matcher *m);

/* Whether the pattern has no character with a meaning of its own. Never raises. */
int pattern_is_literal(const char *pattern, size_t length);

/*
 * Pushes capture `index` (from 0). Where the pattern has no captures, index 0 is the whole match `start`..`end`.
 * Raises for an index that the pattern does not have, and for a capture left open. Stack: +1.
 */
void pattern_matcher_push_capture(pattern_matcher *m, int index, const char *start, const char *end);

/*
 * Pushes all captures and returns their number. Without captures it pushes the whole match `start`..`end`, or nothing
 * when `start` is null. May raise. Stack: +result.
 */
int pattern_matcher_push_captures(pattern_matcher *m, const char *start, const char *end);

#endif
