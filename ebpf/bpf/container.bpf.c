// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/* The two programs of a container's host-side veth: read, ask decide(), count.
 * One load serves all containers of the host; a packet's endpoint is found by
 * the interface it came by. No endpoint, no packet.
 * limiter.h has two more, for those whose sending is limited. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "decide.h"
#include "limiter.h"
#include "maps.h"
#include "packet.h"

/* Classes of team 0, as in the registry of classes. */
#define CLASS_UNKNOWN 0
#define CLASS_HOST 1
#define CLASS_WORLD 3

/* Passing says "unspecified" rather than "ok": what others attached behind us
 * is still asked, while what we drop stays dropped. */
#define PASS TC_ACT_UNSPEC
#define DROP TC_ACT_SHOT

/* A packet to be segmented is as many. One made by a packet socket does not
 * say how many: at most its length by their payload. */
static __always_inline __u64 packets_of(struct __sk_buff *skb)
{
	__u32 segments = skb->gso_segs, payload = skb->gso_size;

	if (segments == 0 && payload > 0)
		segments = (skb->len + payload - 1) / payload;
	return segments > 1 ? segments : 1;
}

/* Sums of traffic are per CPU and both hooks run with softirqs off, so plain
 * addition is exact. */
static __always_inline void add(struct __sk_buff *skb, struct traffic *traffic)
{
	traffic->packets += packets_of(skb);
	traffic->bytes += skb->len;
	TRIAL(traffic->runs += 1;)
}

static __always_inline void count_drop(struct __sk_buff *skb,
				       enum direction direction,
				       enum drop_reason reason)
{
	__u32 slot = direction * DROP_REASONS + reason;
	struct traffic *traffic = bpf_map_lookup_elem(&drops, &slot);

	if (traffic)
		add(skb, traffic);
}

static __always_inline void count_endpoint(struct __sk_buff *skb,
					   enum direction direction)
{
	__u32 ifindex = skb->ifindex;
	struct endpoint_traffic *traffic =
		bpf_map_lookup_elem(&endpoint_traffic, &ifindex);

	if (traffic)
		add(skb, &traffic->passed[direction]);
}

static __always_inline void count_endpoint_drop(struct __sk_buff *skb,
						enum direction direction,
						__u32 reason)
{
	__u32 ifindex = skb->ifindex;
	struct endpoint_drops *drops =
		bpf_map_lookup_elem(&endpoint_drops, &ifindex);

	if (drops && reason < DROP_REASONS)
		__sync_fetch_and_add(&drops->dropped[direction][reason],
				     packets_of(skb));
}

static __always_inline void count_class(struct __sk_buff *skb,
					struct class_pair *pair)
{
	struct traffic *traffic = bpf_map_lookup_elem(&class_counters, pair);
	struct traffic none = {};
	__u32 slot = pair->direction;

	if (!traffic) {
		bpf_map_update_elem(&class_counters, pair, &none, BPF_NOEXIST);
		traffic = bpf_map_lookup_elem(&class_counters, pair);
	}
	if (!traffic)
		traffic = bpf_map_lookup_elem(&class_counter_overflow, &slot);
	if (traffic)
		add(skb, traffic);
}

static __always_inline __u32 class_of(struct address *address)
{
	struct local_address *local =
		bpf_map_lookup_elem(&endpoint_by_address, address);
	struct known_address *known;

	if (local)
		return local->class;
	known = bpf_map_lookup_elem(&class_by_address, address);
	return known ? known->class : CLASS_WORLD;
}

/* On a container's link there is nobody but the host. */
static __always_inline __u32 peer_of(struct facts *facts,
				     enum direction direction)
{
	if (facts->kind == KIND_ARP || is_link_scope(facts))
		return CLASS_HOST;
	return class_of(direction == FROM_CONTAINER ? &facts->destination :
						      &facts->source);
}

/* The class where rules of others can match it (tc, nft). */
static __always_inline void write_mark(struct __sk_buff *skb, __u32 class)
{
	__u32 slot = 0;
	struct settings *now = bpf_map_lookup_elem(&settings, &slot);
	__u32 mask = now ? now->mark_mask : 0;

	if (mask)
		skb->mark = (skb->mark & ~mask) | (class & mask);
}

static __always_inline int judge(struct __sk_buff *skb,
				 enum direction direction)
{
	__u32 ifindex = skb->ifindex;
	struct endpoint *endpoint =
		bpf_map_lookup_elem(&endpoint_by_ifindex, &ifindex);
	struct facts facts = {};
	struct class_pair pair = { .direction = direction };
	enum drop_reason reason;

	if (!endpoint) {
		count_drop(skb, direction, DROP_NO_ENDPOINT);
		return DROP;
	}
	read_packet(skb, &facts);
	reason = direction == FROM_CONTAINER ?
			 decide_from_container(endpoint, &facts) :
			 decide_to_container(endpoint, &facts);
	pair.local = endpoint->class;
	if (reason == DROP_NONE) {
		pair.peer = peer_of(&facts, direction);
		if (direction == FROM_CONTAINER) {
			write_mark(skb, endpoint->class);
			/* Always, for a container can write it as well. */
			skb->tc_index = endpoint->limit_class;
		}
		count_endpoint(skb, direction);
	} else {
		pair.peer = CLASS_UNKNOWN;
		pair.verdict = VERDICT_DROPPED;
		count_drop(skb, direction, reason);
		count_endpoint_drop(skb, direction, reason);
	}
	count_class(skb, &pair);
	return reason == DROP_NONE ? PASS : DROP;
}

SEC("classifier")
int from_container(struct __sk_buff *skb)
{
	return judge(skb, FROM_CONTAINER);
}

SEC("classifier")
int to_container(struct __sk_buff *skb)
{
	return judge(skb, TO_CONTAINER);
}

/* The compiler describes (BTF) what a global has the type of; these have no
 * other use, and the loader skips their section. For tests/layout.rs. */
enum direction *abi_direction SEC("abi");
enum verdict *abi_verdict SEC("abi");

char LICENSE[] SEC("license") = "GPL";
