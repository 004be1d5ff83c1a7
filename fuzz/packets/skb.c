/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The kernel's part, for a program that runs on the host. The linear part is
 * in memory below 4 GiB, because a program sees its address in 32 bits, and
 * has poison before and behind it. A pull moves it: whoever keeps an address
 * over a pull reads poison, as the verifier would say. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sanitizer/asan_interface.h>

#include <bpf/bpf_helpers.h>

#include "skb.h"

#define AREA_BYTES (3 * SKB_MOST_BYTES)
/* The IP header is aligned, behind 14 bytes of Ethernet (NET_IP_ALIGN). */
#define HEAD_ROOM (SKB_MOST_BYTES + 2)

static struct __sk_buff skb;
static const struct packet *whole;
static __u8 *areas[2];
static int current;

static __u8 *area(int which)
{
	void *at = (void *)(uintptr_t)(0x10000000 + which * 0x100000);

	if (areas[which])
		return areas[which];
	areas[which] = mmap(at, AREA_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			    -1, 0);
	if (areas[which] != at)
		abort();
	return areas[which];
}

/* Puts so many bytes into the linear part, at another place than before. */
static void lay_out(__u32 linear)
{
	__u8 *data;

	ASAN_POISON_MEMORY_REGION(area(current), AREA_BYTES);
	current = !current;
	data = area(current) + HEAD_ROOM;
	ASAN_UNPOISON_MEMORY_REGION(area(current), AREA_BYTES);
	memset(data, 0, linear);
	if (whole->length)
		memcpy(data, whole->bytes,
		       linear < whole->length ? linear : whole->length);
	ASAN_POISON_MEMORY_REGION(area(current), HEAD_ROOM);
	ASAN_POISON_MEMORY_REGION(data + linear,
				  AREA_BYTES - HEAD_ROOM - linear);
	skb.data = (__u32)(uintptr_t)data;
	skb.data_end = skb.data + linear;
}

struct __sk_buff *skb_of(const struct packet *packet)
{
	whole = packet;
	memset(&skb, 0, sizeof(skb));
	skb.len = packet->length + packet->beyond;
	skb.vlan_present = packet->has_tag;
	skb.gso_size = packet->is_merged ? 1448 : 0;
	lay_out(packet->linear);
	return &skb;
}

long bpf_skb_pull_data(struct __sk_buff *buff, __u32 bytes)
{
	__u32 linear = buff->data_end - buff->data;

	if (bytes > buff->len || bytes > SKB_MOST_BYTES)
		return -ENOMEM;
	lay_out(bytes > linear ? bytes : linear);
	return 0;
}

long bpf_skb_load_bytes(const struct __sk_buff *buff, __u32 at, void *to,
			__u32 bytes)
{
	memset(to, 0, bytes);
	if (at > buff->len || bytes > buff->len - at)
		return -EFAULT;
	if (at >= whole->length)
		return 0;
	if (bytes > whole->length - at)
		bytes = whole->length - at;
	memcpy(to, whole->bytes + at, bytes);
	return 0;
}
