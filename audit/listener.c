// SPDX-License-Identifier: GPL-2.0-only
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "clock.h"
#include "strbuf.h"

/* One Prometheus asks every 15 seconds or so. */
#define CONNECTIONS_MAX 16
#define TIMEOUT_SECONDS 10
#define REQUEST_MAX (16 * 1024)
#define FRESH NSEC_PER_SEC

/* ---- addresses ---- */

static int parse_unix(struct listener_address *address, const char *path, const char **why)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&address->address;

	*why = "expected unix: and an absolute path of at most 107 bytes";
	if (*path != '/' || strlen(path) >= sizeof(un->sun_path))
		return -1;
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	address->length = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	return 0;
}

static bool parse_port(const char *text, in_port_t *port)
{
	unsigned long number = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9' && number <= UINT16_MAX; at++)
		number = number * 10 + (*at - '0');
	*port = htons(number);
	return at > text && !*at && *text != '0' && number <= UINT16_MAX;
}

static int parse_inet(struct listener_address *address, const char *text, const char **why)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address->address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address->address;
	const char *colon = strrchr(text, ':');
	size_t length = colon ? colon - text : 0;
	bool bracket = *text == '[' && length > 2 && text[length - 1] == ']';
	char host[INET6_ADDRSTRLEN];
	in_port_t port;

	*why = "expected 127.0.0.1:PORT, [::1]:PORT or unix:PATH";
	if (!length || !parse_port(colon + 1, &port) || length >= sizeof(host))
		return -1;
	memcpy(host, text + bracket, length - 2 * bracket);
	host[length - 2 * bracket] = 0;
	if (!bracket && inet_pton(AF_INET, host, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = port;
		address->length = sizeof(*ipv4);
		bracket = ntohl(ipv4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	} else if (bracket && inet_pton(AF_INET6, host, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = port;
		address->length = sizeof(*ipv6);
		bracket = IN6_IS_ADDR_LOOPBACK(&ipv6->sin6_addr);
	} else {
		return -1;
	}
	*why = "not a loopback address: what it serves is for this machine only, expected "
	       "127.0.0.1:PORT, [::1]:PORT or unix:PATH";
	return bracket ? 0 : -1;
}

int listener_parse(struct listener_address *address, const char *text, const char **why)
{
	*address = (struct listener_address){.length = 0};
	if (!strncmp(text, "unix:", 5))
		return parse_unix(address, text + 5, why);
	return parse_inet(address, text, why);
}

/* ---- the socket ---- */

/* True if there is a socket that nobody listens on: a reader that was killed has left it. */
static bool is_stale(const struct listener_address *address)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&address->address;
	struct stat status;
	bool refused;
	int fd;

	if (lstat(un->sun_path, &status) || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	refused =
		connect(fd, (const struct sockaddr *)un, address->length) && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int bind_socket(int fd, const struct listener_address *address)
{
	const struct sockaddr *name = (const struct sockaddr *)&address->address;
	const struct sockaddr_un *un = (const struct sockaddr_un *)name;
	mode_t mask = umask(0117);
	int error = bind(fd, name, address->length) ? -errno : 0;

	if (error == -EADDRINUSE && name->sa_family == AF_UNIX && is_stale(address) &&
		!unlink(un->sun_path))
		error = bind(fd, name, address->length) ? -errno : 0;
	umask(mask);
	return error;
}

static int open_socket(const struct listener_address *address)
{
	int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error, one = 1;

	if (fd < 0)
		return -errno;
	if (address->address.ss_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	error = bind_socket(fd, address);
	if (!error && listen(fd, CONNECTIONS_MAX))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

/* Remembers which file it is, and gives it away. */
static int own_socket(struct listener *listener, uid_t uid, gid_t gid)
{
	struct stat status;

	if (!listener->path)
		return 0;
	if (lstat(listener->path, &status) || lchown(listener->path, uid, gid))
		return -errno;
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	return 0;
}

/* ---- answers ---- */

static enum MHD_Result answer_text(
	struct MHD_Connection *connection, unsigned int status, const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* The text of 100,000 rules has 20 MB: it stays out of our memory. */
static struct MHD_Response *make_response(const struct listener *listener)
{
	int fd = memfd_create("cgward-metrics", MFD_CLOEXEC);
	struct MHD_Response *response = NULL;
	struct stat status;

	if (fd < 0)
		return NULL;
	if (!listener->render(listener->context, fd) && !fstat(fd, &status))
		response = MHD_create_response_from_fd(status.st_size, fd);
	if (!response) {
		close(fd);
		return NULL;
	}
	MHD_add_response_header(
		response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
	return response;
}

static enum MHD_Result answer_metrics(struct listener *listener, struct MHD_Connection *connection)
{
	int64_t now = clock_boottime();

	if (!listener->response || now - listener->made > FRESH) {
		if (listener->response)
			MHD_destroy_response(listener->response);
		listener->response = make_response(listener);
		listener->made = now;
	}
	if (!listener->response)
		return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
			"the counters cannot be read\n");
	return MHD_queue_response(connection, MHD_HTTP_OK, listener->response);
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *body, size_t *body_size, void **state)
{
	static int seen;

	(void)version;
	(void)body;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
	if (!*state) { /* the head has been read; an answer comes after the body */
		*state = &seen;
		return MHD_YES;
	}
	if (*body_size) {
		*body_size = 0;
		return MHD_YES;
	}
	if (strcmp(url, "/metrics"))
		return answer_text(connection, MHD_HTTP_NOT_FOUND, "there is only /metrics\n");
	return answer_metrics(context, connection);
}

/* Whatever a client sends, nothing is said of it. */
static void log_nothing(void *context, const char *format, va_list args)
{
	(void)context;
	(void)format;
	(void)args;
}

int listener_open(struct listener *listener, const struct listener_address *address,
	const char *text, uid_t uid, gid_t gid, listener_render *render, void *context)
{
	const union MHD_DaemonInfo *info;
	int error, fd = open_socket(address);

	if (fd < 0)
		return fd;
	*listener = (struct listener){
		.render = render,
		.context = context,
		.path = address->address.ss_family == AF_UNIX ? text + strlen("unix:") : NULL,
	};
	error = own_socket(listener, uid, gid);
	if (!error)
		listener->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, listener,
			MHD_OPTION_EXTERNAL_LOGGER, log_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
			MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)TIMEOUT_SECONDS,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX, MHD_OPTION_END);
	info = listener->daemon ? MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)
				: NULL;
	if (info) {
		listener->fd = info->epoll_fd;
		return 0;
	}
	if (!listener->daemon)
		close(fd);
	listener_close(listener);
	return error ? error : -EIO;
}

void listener_close(struct listener *listener)
{
	struct stat status;

	if (listener->daemon)
		MHD_stop_daemon(listener->daemon);
	if (listener->response)
		MHD_destroy_response(listener->response);
	/* Somebody else may have put another one there. */
	if (listener->inode && !lstat(listener->path, &status) &&
		status.st_dev == listener->device && status.st_ino == listener->inode)
		unlink(listener->path);
	*listener = (struct listener){.daemon = NULL};
}

void listener_run(struct listener *listener)
{
	if (listener->daemon)
		MHD_run(listener->daemon);
}
