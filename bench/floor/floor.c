/* The floor under every CNI plugin: the least work that gives a container an
 * address and a way out, and takes it back.
 *
 * It has no configuration, no memory, no policy and no class; it asks nobody
 * and trusts its environment. It is no plugin to use: it shows what the
 * kernel and the start of a process cost, so that a real plugin's time can be
 * given as "so many times the floor".
 *
 *   CNI_COMMAND   ADD, DEL, REAP (delete what DEL took down), MEMBARRIER
 *   CNI_NETNS     path of the container's network namespace
 *   CNI_IFNAME    name of the container's end
 *   FLOOR_NUMBER  which container, from 1; address and index follow from it
 *
 * Built with: cc -O2 -static -o floor floor.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HOST_GROUP 4242u      /* links that wait to be deleted */
#define FIRST_INDEX 1000000u  /* above what the kernel gives by itself */
#define FIRST_ADDRESS 0x0a580000u /* 10.88.0.0 */
#define GATEWAY 0xa9fe0101u   /* 169.254.1.1, on no link but answered for */

static const unsigned char host_mac[6] = { 0xee, 0xee, 0xee, 0xee, 0xee, 0xee };

/* Messages that are sent together. */
struct batch {
	char data[4096];
	size_t length;
	unsigned int count;
};

static void die(const char *what)
{
	printf("{\"cniVersion\":\"1.0.0\",\"code\":104,\"msg\":\"%s: %s\"}\n",
	       what, strerror(errno));
	exit(1);
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	if (!value) {
		errno = EINVAL;
		die(name);
	}
	return value;
}

/* Starts a message with `size` bytes of family header; returns that header. */
static void *message(struct batch *b, int type, int flags, size_t size)
{
	struct nlmsghdr *h = (void *)(b->data + b->length);

	memset(h, 0, NLMSG_SPACE(size));
	h->nlmsg_len = NLMSG_LENGTH(size);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	h->nlmsg_seq = ++b->count;
	return NLMSG_DATA(h);
}

static void attribute(struct batch *b, int type, const void *data, size_t size)
{
	struct nlmsghdr *h = (void *)(b->data + b->length);
	struct rtattr *a = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(size);
	memcpy(RTA_DATA(a), data, size);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static void number(struct batch *b, int type, unsigned int value)
{
	attribute(b, type, &value, sizeof(value));
}

/* Opens a nested attribute; `close_nest` takes what this returns. */
static struct rtattr *open_nest(struct batch *b, int type)
{
	struct nlmsghdr *h = (void *)(b->data + b->length);
	struct rtattr *a = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));

	attribute(b, type, "", 0);
	return a;
}

static void close_nest(struct batch *b, struct rtattr *a)
{
	struct nlmsghdr *h = (void *)(b->data + b->length);

	a->rta_len = (char *)h + NLMSG_ALIGN(h->nlmsg_len) - (char *)a;
}

static void end(struct batch *b)
{
	struct nlmsghdr *h = (void *)(b->data + b->length);

	b->length += NLMSG_ALIGN(h->nlmsg_len);
}

static int route_socket(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (s < 0)
		die("cannot open netlink");
	return s;
}

/* Reads the acknowledgements in one datagram; returns how many there were. */
static unsigned int acknowledged(int s, const char *what)
{
	char answer[8192];
	ssize_t got = recv(s, answer, sizeof(answer), 0);
	unsigned int acks = 0;
	struct nlmsghdr *h = (void *)answer;

	if (got < 0)
		die(what);
	for (; NLMSG_OK(h, got); h = NLMSG_NEXT(h, got)) {
		struct nlmsgerr *e = NLMSG_DATA(h);

		if (h->nlmsg_type != NLMSG_ERROR)
			continue;
		errno = -e->error;
		if (e->error)
			die(what);
		acks++;
	}
	return acks;
}

static void commit(int s, struct batch *b, const char *what)
{
	unsigned int acks = 0;

	if (send(s, b->data, b->length, 0) < 0)
		die(what);
	while (acks < b->count)
		acks += acknowledged(s, what);
}

/* The pair, its peer born in the container, and the way to it. */
static void host_side(int s, int netns, const char *ifname, unsigned int n)
{
	struct batch b = { .length = 0 };
	unsigned int address = htonl(FIRST_ADDRESS + n);
	struct ifinfomsg *link, *peer;
	struct rtattr *info, *data, *nest;
	struct rtmsg *route;
	struct nlmsghdr *h;
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "fl%u", n);
	link = message(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		       sizeof(*link));
	link->ifi_index = FIRST_INDEX + n;
	link->ifi_flags = link->ifi_change = IFF_UP;
	attribute(&b, IFLA_IFNAME, name, strlen(name) + 1);
	attribute(&b, IFLA_ADDRESS, host_mac, sizeof(host_mac));
	info = open_nest(&b, IFLA_LINKINFO);
	attribute(&b, IFLA_INFO_KIND, "veth", 4);
	data = open_nest(&b, IFLA_INFO_DATA);
	nest = open_nest(&b, VETH_INFO_PEER);
	h = (void *)b.data;
	peer = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));
	memset(peer, 0, sizeof(*peer));
	h->nlmsg_len += sizeof(*peer);
	peer->ifi_index = FIRST_INDEX;
	attribute(&b, IFLA_IFNAME, ifname, strlen(ifname) + 1);
	number(&b, IFLA_NET_NS_FD, netns);
	close_nest(&b, nest);
	close_nest(&b, data);
	close_nest(&b, info);
	end(&b);
	route = message(&b, RTM_NEWROUTE, NLM_F_CREATE, sizeof(*route));
	*route = (struct rtmsg){ .rtm_family = AF_INET, .rtm_dst_len = 32,
				 .rtm_table = RT_TABLE_MAIN,
				 .rtm_protocol = RTPROT_STATIC,
				 .rtm_scope = RT_SCOPE_LINK,
				 .rtm_type = RTN_UNICAST };
	attribute(&b, RTA_DST, &address, 4);
	number(&b, RTA_OIF, FIRST_INDEX + n);
	end(&b);
	commit(s, &b, "cannot make the pair");
}

static void container_route(struct batch *b, int length, unsigned int to,
			    unsigned int via)
{
	struct rtmsg *route = message(b, RTM_NEWROUTE, NLM_F_CREATE,
				      sizeof(*route));

	*route = (struct rtmsg){ .rtm_family = AF_INET, .rtm_dst_len = length,
				 .rtm_table = RT_TABLE_MAIN,
				 .rtm_protocol = RTPROT_STATIC,
				 .rtm_scope = via ? RT_SCOPE_UNIVERSE :
						    RT_SCOPE_LINK,
				 .rtm_type = RTN_UNICAST };
	if (length)
		attribute(b, RTA_DST, &to, 4);
	if (via)
		attribute(b, RTA_GATEWAY, &via, 4);
	number(b, RTA_OIF, FIRST_INDEX);
	end(b);
}

/* Up, address, gateway as a permanent neighbour, routes. */
static void container_side(int s, unsigned int n)
{
	struct batch b = { .length = 0 };
	unsigned int address = htonl(FIRST_ADDRESS + n);
	unsigned int gateway = htonl(GATEWAY);
	struct ifinfomsg *link;
	struct ifaddrmsg *addr;
	struct ndmsg *neighbour;

	link = message(&b, RTM_NEWLINK, 0, sizeof(*link));
	link->ifi_index = FIRST_INDEX;
	link->ifi_flags = link->ifi_change = IFF_UP;
	end(&b);
	addr = message(&b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
		       sizeof(*addr));
	addr->ifa_family = AF_INET;
	addr->ifa_prefixlen = 32;
	addr->ifa_index = FIRST_INDEX;
	attribute(&b, IFA_LOCAL, &address, 4);
	attribute(&b, IFA_ADDRESS, &address, 4);
	end(&b);
	neighbour = message(&b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE,
			    sizeof(*neighbour));
	neighbour->ndm_family = AF_INET;
	neighbour->ndm_ifindex = FIRST_INDEX;
	neighbour->ndm_state = NUD_PERMANENT;
	attribute(&b, NDA_DST, &gateway, 4);
	attribute(&b, NDA_LLADDR, host_mac, sizeof(host_mac));
	end(&b);
	container_route(&b, 32, gateway, 0);
	container_route(&b, 0, 0, gateway);
	commit(s, &b, "cannot dress the container's end");
}

static void add(unsigned int n)
{
	const char *path = variable("CNI_NETNS");
	const char *ifname = variable("CNI_IFNAME");
	unsigned int address = FIRST_ADDRESS + n;
	int netns = open(path, O_RDONLY | O_CLOEXEC);

	if (netns < 0)
		die("cannot open CNI_NETNS");
	host_side(route_socket(), netns, ifname, n);
	if (setns(netns, CLONE_NEWNET))
		die("cannot enter CNI_NETNS");
	container_side(route_socket(), n);
	printf("{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"%s\","
	       "\"sandbox\":\"%s\"}],\"ips\":[{\"address\":\"%u.%u.%u.%u/32\","
	       "\"interface\":0}]}\n",
	       ifname, path, address >> 24, address >> 16 & 255,
	       address >> 8 & 255, address & 255);
}

/* Down, and into the group of those that wait: the route goes with it. */
static void take_down(unsigned int n)
{
	struct batch b = { .length = 0 };
	struct ifinfomsg *link = message(&b, RTM_NEWLINK, 0, sizeof(*link));

	link->ifi_index = FIRST_INDEX + n;
	link->ifi_change = IFF_UP;
	number(&b, IFLA_GROUP, HOST_GROUP);
	end(&b);
	commit(route_socket(), &b, "cannot take the link down");
}

static void reap(void)
{
	struct batch b = { .length = 0 };

	message(&b, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	number(&b, IFLA_GROUP, HOST_GROUP);
	end(&b);
	commit(route_socket(), &b, "cannot delete the group");
}

/* One grace period of RCU, in nanoseconds. */
static void grace_period(void)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		die("cannot wait for a grace period");
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%lld\n", (to.tv_sec - from.tv_sec) * 1000000000LL +
				 (to.tv_nsec - from.tv_nsec));
}

int main(void)
{
	const char *command = variable("CNI_COMMAND");

	if (!strcmp(command, "MEMBARRIER"))
		grace_period();
	else if (!strcmp(command, "REAP"))
		reap();
	else if (!strcmp(command, "ADD"))
		add(strtoul(variable("FLOOR_NUMBER"), NULL, 10));
	else if (!strcmp(command, "DEL"))
		take_down(strtoul(variable("FLOOR_NUMBER"), NULL, 10));
	else
		die("CNI_COMMAND");
	return 0;
}
