/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The programs of the limiter: what containers with a limit send is redirected
 * to one device of the host (an ifb), whose tree of classes lets it pass at
 * their rates; it comes back behind from_container, which has judged and
 * counted it. Who has no limit pays a look at skb->tc_index, and that only
 * where the host has a limiter. */
#ifndef TARTAN_LIMITER_H
#define TARTAN_LIMITER_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Of a filter that does not judge: no match, a match. */
#define OTHERS 0
#define OURS -1
/* Number of the limiter's tree, as the agent makes it. */
#define LIMITER 0x74610000

/* Behind from_container: what goes by the limiter. Its tree would take a
 * priority that the container chose for the number of a class. */
SEC("classifier")
int limited(struct __sk_buff *skb)
{
	if (!skb->tc_index)
		return OTHERS;
	skb->priority = 0;
	return OURS;
}

/* In the limiter: in which class. */
SEC("classifier")
int limit_class(struct __sk_buff *skb)
{
	return LIMITER | skb->tc_index;
}

#endif
