/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Counts the uninterruptible sleeps of one process, by kernel stack. The
 * process (TGID) is given as its own pid namespace (DEV, INO) numbers it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* include/linux/sched.h (Linux 6.18) */
#define TASK_UNINTERRUPTIBLE 2
/* kernel.perf_event_max_stack */
#define MAX_STACK_DEPTH 127

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1024);
	__uint(key_size, 4);
	__uint(value_size, MAX_STACK_DEPTH * 8);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __s32);
	__type(value, __u64);
} sleeps SEC(".maps");

/* TP_PROTO(bool preempt, prev, next, unsigned int prev_state), called while
 * `prev` is still the current task. */
SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct bpf_pidns_info who = {};
	__u64 one = 1, *count;
	__s32 stack;

	if (ctx->args[0] || !(ctx->args[3] & TASK_UNINTERRUPTIBLE))
		return 0;
	if (bpf_get_ns_current_pid_tgid(DEV, INO, &who, sizeof(who)))
		return 0;
	if (who.tgid != TGID)
		return 0;
	stack = bpf_get_stackid(ctx, &stacks, 0);
	count = bpf_map_lookup_elem(&sleeps, &stack);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&sleeps, &stack, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
