/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Answers decide() for the host: reads pairs of (endpoint, facts) as they lie
 * in memory, writes two bytes for each, the reason in each direction. */
#include <stdio.h>

#include "decide.h"

int main(void)
{
	struct endpoint endpoint;
	struct facts facts;

	while (fread(&endpoint, sizeof(endpoint), 1, stdin) == 1 &&
	       fread(&facts, sizeof(facts), 1, stdin) == 1) {
		putchar(decide_from_container(&endpoint, &facts));
		putchar(decide_to_container(&endpoint, &facts));
	}
	return 0;
}
