# screenstub - see LICENSE for copyright and licence details
.POSIX:

VERSION = 1.0

PREFIX = /usr/local
MANPREFIX = $(PREFIX)/share/man

# where others look for their settings, and the rights by seat or by groups
EXTRAS = /etc
RULES = samples/60-screenstub.rules

# the settings; made when the file is missing, and yours from then on
CONFIG = config.h

CC = cc
CFLAGS = -Os
CPPFLAGS =
LDFLAGS =
LIBS = -lxcb -lxcb-dpms -lxcb-randr -lxcb-screensaver -lxcb-xinput -lxcb-xkb \
	-lxcb-xtest -ludev

# make WAYLAND=1: a window of Wayland's too, which needs libwayland-client,
# wayland-scanner and wayland-protocols
WAYLAND =

# what CONFIG and WAYLAND were last, for whoever says neither: sudo make install
CHOICE = .made/choice
-include $(CHOICE)

PROTOCOLS = /usr/share/wayland-protocols
WAYLAND_OBJ_1 = window/protocol.o window/wlinput.o window/wayland.o
WAYLAND_HDR_1 = window/protocol.h window/wayland.h
WAYLAND_CPPFLAGS_1 = -DWAYLAND
WAYLAND_LIBS_1 = -lwayland-client -lm
XML = stable/xdg-shell/xdg-shell stable/viewporter/viewporter \
	stable/presentation-time/presentation-time \
	unstable/idle-inhibit/idle-inhibit-unstable-v1 \
	unstable/keyboard-shortcuts-inhibit/keyboard-shortcuts-inhibit-unstable-v1 \
	unstable/pointer-constraints/pointer-constraints-unstable-v1 \
	unstable/relative-pointer/relative-pointer-unstable-v1

# a wrong pointer in a row of config.h is an error
STUB_CFLAGS = -std=c11 -pedantic -Wall -Wextra \
	-Werror=incompatible-pointer-types -Werror=int-conversion $(CFLAGS)
STUB_CPPFLAGS = -D_GNU_SOURCE -DVERSION=\"$(VERSION)\" \
	$(WAYLAND_CPPFLAGS_$(WAYLAND)) $(CPPFLAGS)

OBJ = screenstub.o core/loop.o core/advice.o ddc/ident.o ddc.o ddc/bus.o \
	ddc/order.o qmp/json.o qmp/keys.o qmp/peer.o qmp/report.o \
	qmp/session.o qmp/device.o qmp/agent.o qmp.o input/uinput.o \
	input/evdev.o input.o window/text.o window/xserver.o window/xinput.o \
	window/x.o core/job.o core/show.o core/task.o core/action.o \
	core/status.o core/control.o core/trial.o core/check.o \
	$(WAYLAND_OBJ_$(WAYLAND))

HDR = screenstub.h core/loop.h core/advice.h ddc.h qmp.h qmp/agent.h \
	qmp/inner.h input.h input/inner.h window/front.h window/text.h \
	window/x.h core/job.h core/show.h core/task.h core/control.h core/trial.h \
	core/check.h \
	$(WAYLAND_HDR_$(WAYLAND))

all: screenstub

.c.o:
	$(CC) $(STUB_CFLAGS) $(STUB_CPPFLAGS) -I. -c -o $@ $<

$(OBJ): $(HDR)
# a letter would count as some other key's number: 'a' is KEY_RIGHTCTRL
screenstub.o: screenstub.c .made/config.h
	@! grep -n "[{,|(] *'[^']*' *[,|)]" "$(CONFIG)" /dev/null || \
		{ echo "config.h: keys are KEY_* and BTN_*" >&2; false; }
	$(CC) $(STUB_CFLAGS) $(STUB_CPPFLAGS) -I.made -I. \
		-I"$$(dirname "$(CONFIG)")" -c -o $@ screenstub.c

# What is compiled: a copy, since no prerequisite's name can have a blank in
# it. Another file than last time, an edit, another WAYLAND: it is made anew, and
# what has it goes, for some makes see no time below a second.
.made/config.h: always
	@[ -e "$(CONFIG)" ] || { mkdir -p "$$(dirname "$(CONFIG)")" && \
		cp config.def.h "$(CONFIG)"; }
	@mkdir -p .made
	@printf '%s\n' "CONFIG = $(CONFIG)" "WAYLAND = $(WAYLAND)" | \
		sed 's/#/\\#/g' >$(CHOICE)
	@[ "$(CONFIG)$(WAYLAND)" = config.h ] || echo "with CONFIG=$(CONFIG)" \
		"WAYLAND=$(WAYLAND), and the next time, too; make clean forgets it"
	@{ echo '/* $(VERSION) $(WAYLAND) */'; echo '#line 1 "$(CONFIG)"'; \
		cat "$(CONFIG)"; } >$@.new
	@cmp -s $@.new $@ && rm $@.new || \
		{ mv $@.new $@; rm -f screenstub screenstub.o; }

always:

window/protocol.h:
	for xml in $(XML); do \
		wayland-scanner client-header <$(PROTOCOLS)/$$xml.xml || \
			{ rm -f $@; exit 1; }; done >$@

window/protocol.c:
	for xml in $(XML); do \
		wayland-scanner private-code <$(PROTOCOLS)/$$xml.xml || \
			{ rm -f $@; exit 1; }; done >$@

screenstub: $(OBJ)
	$(CC) -o $@ $(OBJ) $(LDFLAGS) $(LIBS) $(WAYLAND_LIBS_$(WAYLAND))

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
	rm -rf screenstub *.o */*.o window/protocol.[ch] .made demo \
		screenstub-*.tar.gz screenstub*.deb

# what the tests have downloaded and made, too
distclean: clean
	rm -rf .cache

# The same bytes at any time and place: from git what is committed, and the same
# from what was unpacked of that, whose LICENSE has the commit's time.
DIST = screenstub-$(VERSION)
dist: clean
	mkdir -p .made/$(DIST)
	if [ -e .git ]; then git archive HEAD; else \
		tar -cf - --exclude=./.made --exclude=./.cache .; fi | \
		tar -xf - -C .made/$(DIST)
	cp -f .made/$(DIST)/config.def.h .made/$(DIST)/config.h
	tar -cf .made/$(DIST).tar -C .made --sort=name --format=ustar \
		--owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--mtime="@$$(stat -c %Y .made/$(DIST)/LICENSE)" $(DIST)
	gzip -9n <.made/$(DIST).tar >$(DIST).tar.gz

# Debian's package, of what dist takes, with debhelper and the packages to build
deb: dist
	cp -R .made/$(DIST)/samples/packaging/debian .made/$(DIST)
	cd .made/$(DIST) && DEB_BUILD_OPTIONS=noautodbgsym \
		dpkg-buildpackage -b -us -uc
	mv .made/screenstub_*.deb .

install: all
	mkdir -p "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(MANPREFIX)/man1"
	cp -f screenstub "$(DESTDIR)$(PREFIX)/bin"
	chmod 755 "$(DESTDIR)$(PREFIX)/bin/screenstub"
	sed "s/VERSION/$(VERSION)/" screenstub.1 \
		> "$(DESTDIR)$(MANPREFIX)/man1/screenstub.1"
	chmod 644 "$(DESTDIR)$(MANPREFIX)/man1/screenstub.1"

# udev's rules, kernel modules, systemd's unit for users, the desktop's file
install-extras:
	mkdir -p "$(DESTDIR)$(EXTRAS)/udev/rules.d" \
		"$(DESTDIR)$(EXTRAS)/modules-load.d" \
		"$(DESTDIR)$(PREFIX)/lib/systemd/user" \
		"$(DESTDIR)$(PREFIX)/share/applications"
	cat "$(RULES)" >"$(DESTDIR)$(EXTRAS)/udev/rules.d/60-screenstub.rules"
	cat samples/i2c.conf \
		>"$(DESTDIR)$(EXTRAS)/modules-load.d/screenstub.conf"
	sed 's,/usr/local/bin,$(PREFIX)/bin,' samples/screenstub.service \
		>"$(DESTDIR)$(PREFIX)/lib/systemd/user/screenstub.service"
	cat samples/screenstub.desktop \
		>"$(DESTDIR)$(PREFIX)/share/applications/screenstub.desktop"
	@# for now: what is not there is no fault
	-[ "$(DESTDIR)" ] || udevadm control --reload
	-[ "$(DESTDIR)" ] || modprobe -a i2c-dev uinput
	-[ "$(DESTDIR)" ] || udevadm trigger --subsystem-match=i2c-dev \
		--subsystem-match=misc

uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/screenstub" \
		"$(DESTDIR)$(MANPREFIX)/man1/screenstub.1" \
		"$(DESTDIR)$(EXTRAS)/udev/rules.d/60-screenstub.rules" \
		"$(DESTDIR)$(EXTRAS)/modules-load.d/screenstub.conf" \
		"$(DESTDIR)$(PREFIX)/lib/systemd/user/screenstub.service" \
		"$(DESTDIR)$(PREFIX)/share/applications/screenstub.desktop"

.PHONY: all always demo check check-long bench clean distclean dist deb install \
	install-extras uninstall
