# screenstub - see LICENSE for copyright and licence details
.POSIX:

VERSION = 0.1

PREFIX = /usr/local
MANPREFIX = $(PREFIX)/share/man

CC = cc
CFLAGS = -O2
CPPFLAGS =
LDFLAGS =
LIBS = -lxcb -lxcb-dpms -lxcb-randr -lxcb-screensaver -lxcb-xinput -lxcb-xkb \
	-lxcb-xtest -ludev

# a wrong pointer in a row of config.h is an error
STUB_CFLAGS = -std=c11 -pedantic -Wall -Wextra \
	-Werror=incompatible-pointer-types -Werror=int-conversion $(CFLAGS)
STUB_CPPFLAGS = -D_GNU_SOURCE -DVERSION=\"$(VERSION)\" $(CPPFLAGS)

OBJ = screenstub.o core/loop.o ddc/ident.o ddc.o ddc/bus.o ddc/order.o \
	qmp/json.o qmp/keys.o qmp/peer.o qmp/report.o qmp/session.o \
	qmp/device.o qmp/agent.o qmp.o input/uinput.o input/evdev.o input.o \
	window/text.o window/xserver.o window/xinput.o window/x.o core/job.o \
	core/show.o core/task.o core/action.o core/status.o core/control.o

HDR = screenstub.h core/loop.h ddc.h qmp.h qmp/agent.h qmp/inner.h input.h \
	input/inner.h window/front.h window/text.h window/x.h core/job.h \
	core/show.h core/task.h core/control.h

all: screenstub

.c.o:
	$(CC) $(STUB_CFLAGS) $(STUB_CPPFLAGS) -I. -c -o $@ $<

$(OBJ): $(HDR)
# a letter would count as some other key's number: 'a' is KEY_RIGHTCTRL
screenstub.o: screenstub.c config.h
	@! grep -n "[{,|(] *'[^']*' *[,|)]" config.h /dev/null || \
		{ echo "config.h: keys are KEY_* and BTN_*" >&2; false; }
	$(CC) $(STUB_CFLAGS) $(STUB_CPPFLAGS) -I. -c -o $@ screenstub.c

# only when it is missing: it is the user's
config.h:
	cp config.def.h $@

screenstub: $(OBJ)
	$(CC) -o $@ $(OBJ) $(LDFLAGS) $(LIBS)

# a whole switch on real parts; installs what it needs, if it may
demo:
	sh tests/demo.sh

# all tests, the same way
check:
	sh tests/check.sh

# those that are long on purpose: every window manager, and what monitors and
# QEMU may send, at random for minutes; the same way
check-long:
	sh tests/check.sh long

# times, against bare clients and ddcutil; the same way; all of it in any case
bench:
	status=0; sh tests/bench.sh || status=1; \
	sh tests/real/real.sh latency || status=1; exit $$status

clean:
	rm -f screenstub $(OBJ) screenstub-$(VERSION).tar.gz

dist: clean
	git archive --prefix=screenstub-$(VERSION)/ \
		-o screenstub-$(VERSION).tar.gz HEAD

install: all
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(MANPREFIX)/man1
	cp -f screenstub $(DESTDIR)$(PREFIX)/bin
	chmod 755 $(DESTDIR)$(PREFIX)/bin/screenstub
	sed "s/VERSION/$(VERSION)/" screenstub.1 \
		> $(DESTDIR)$(MANPREFIX)/man1/screenstub.1
	chmod 644 $(DESTDIR)$(MANPREFIX)/man1/screenstub.1

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/screenstub \
		$(DESTDIR)$(MANPREFIX)/man1/screenstub.1

.PHONY: all demo check check-long bench clean dist install uninstall
