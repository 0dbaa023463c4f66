function behave(figure, map, layers, zoomIn, zoomOut) {
  var names = Object.keys(layers);
  L.control.zoom({zoomInTitle: zoomIn, zoomOutTitle: zoomOut}).addTo(map);
  L.control.scale({imperial: false, maxWidth: 140}).addTo(map);
  // a shape is pointed at; it is no stop on the way of those who use the keyboard
  function pass(layer) { if (layer._path) { layer._path.setAttribute("tabindex", "-1"); } }
  map.eachLayer(pass);
  map.on("layeradd", function (event) { pass(event.layer); });
  if (L.Browser.mobile) { map.dragging.disable(); }
  document.querySelectorAll("#" + figure + " .layer input").forEach(function (box) {
    var layer = layers[box.value];
    box.checked = map.hasLayer(layer) && !box.disabled;
    box.addEventListener("change", function () {
      if (box.checked) { map.addLayer(layer); } else { map.removeLayer(layer); }
      names.forEach(function (name) {
        if (map.hasLayer(layers[name])) { layers[name].bringToFront(); }
      });
    });
  });
}
