/* What a library function asks after work that no hook has seen. */
#ifndef LECTERN_WATCHDOG_H
#define LECTERN_WATCHDOG_H

#include <lua.h>

/*
 * Ends the task when it has run too long. The count hook sees instructions only: a loop around a costly C function
 * executes few of them. May raise; stack neutral.
 */
void shim_watchdog_check(lua_State *L);

#endif
