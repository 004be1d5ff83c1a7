/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Fuzz target `packets`: what the eBPF programs make of a packet, compiled for
 * the host under sanitizers, held against the oracle.
 *
 * The first byte of an input says what the packet's surroundings are, the
 * second how many bytes are in the linear part; the rest is the packet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"

#include "oracle.h"
#include "skb.h"

#define HAS_TAG 1
#define IS_MERGED 2
/* Longer than its length field can say. */
#define IS_LONG 4

static const struct endpoint *own_endpoint(void)
{
	static struct endpoint endpoint;

	memcpy(&endpoint.ipv4, own_ipv4, 4);
	memcpy(&endpoint.ipv6, own_ipv6, 16);
	memcpy(&endpoint.link_local, own_link_local, 16);
	memcpy(endpoint.mac, own_mac, 6);
	return &endpoint;
}

/* Every reason is one of those that are counted. */
static void must_be(enum drop_reason reason, int may_pass)
{
	if (reason >= DROP_REASONS || (reason == DROP_NONE) != may_pass)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct packet packet = { 0 };
	struct facts facts = { 0 };

	if (size < 2 || size - 2 > SKB_MOST_BYTES)
		return 0;
	packet.bytes = bytes + 2;
	packet.length = size - 2;
	packet.has_tag = !!(bytes[0] & HAS_TAG);
	packet.is_merged = !!(bytes[0] & IS_MERGED);
	packet.beyond = bytes[0] & IS_LONG ? 0x10000 : 0;
	packet.linear = bytes[1] < packet.length ? bytes[1] : packet.length;
	read_packet(skb_of(&packet), &facts);
	must_be(decide_from_container(own_endpoint(), &facts),
		may_leave(&packet));
	must_be(decide_to_container(own_endpoint(), &facts),
		may_arrive(&packet));
	return 0;
}
