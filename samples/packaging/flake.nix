# For Nix: nix build 'git+file:.?dir=samples/packaging', in the source tree.
# With settings of yours: screenstub.override { config = ./config.h; }. On NixOS
# services.udev.packages takes the rule, systemd.packages the unit, and
# hardware.i2c.enable loads i2c-dev.
{
  description = "Software KVM switch for VMs with a graphics card of their own";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { self, nixpkgs }: {
    packages.x86_64-linux.default =
      nixpkgs.legacyPackages.x86_64-linux.callPackage
        ({ stdenv, libxcb, udev, wayland, wayland-scanner, wayland-protocols
         , config ? "config.h" }: stdenv.mkDerivation {
          pname = "screenstub";
          version = "1.0";
          src = ../..;
          nativeBuildInputs = [ wayland-scanner ];
          buildInputs = [ libxcb udev wayland ];
          # DESTDIR: this machine's udev is not told
          makeFlags = [
            "WAYLAND=1" "CONFIG=${config}" "PREFIX=${placeholder "out"}"
            "EXTRAS=${placeholder "out"}/lib" "DESTDIR=/"
            "PROTOCOLS=${wayland-protocols}/share/wayland-protocols"
          ];
          installTargets = [ "install" "install-extras" ];
        }) { };
  };
}
