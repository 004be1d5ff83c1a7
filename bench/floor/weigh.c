/* Runs a program and says on standard error how much memory it held at most,
 * in KiB. It is small itself, because a child's figure starts with that of
 * the process which started it (kernel/exec: setmax_mm_hiwater_rss).
 *
 * Built with: cc -O2 -static -o weigh weigh.c
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage used;
	int status;
	pid_t child;

	if (argc < 2)
		return 2;
	child = fork();
	if (child < 0)
		return 2;
	if (child == 0) {
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (wait4(child, &status, 0, &used) != child)
		return 2;
	fprintf(stderr, "%ld\n", used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
