function follow(ground, words) {
  var map = L.map("karta", {attributionControl: false, zoomControl: false,
    scrollWheelZoom: false, zoomSnap: 0.25});
  L.control.zoom({zoomInTitle: words["in"], zoomOutTitle: words.out}).addTo(map);
  L.control.scale({imperial: false, maxWidth: 140}).addTo(map);
  ground.forEach(function (each) {
    L.geoJSON(each.shapes, {style: Object.assign({fill: false, interactive: false}, each.line)})
      .addTo(map);
  });
  var host = window.frameElement && window.frameElement.closest(".est-bench");
  var groups = {}, off = {}, seen = null, opened = false;

  function told(text) { // text from deliveries is text, never markup
    var element = document.createElement("span");
    element.textContent = text;
    return element;
  }
  function choose(name) {
    var box = host && host.querySelector(".est-place select");
    if (!box) { return; }
    var at = Array.from(box.options).findIndex(function (o) { return o.textContent === name; });
    if (at < 0) { return; }
    box.selectedIndex = at;
    box.dispatchEvent(new Event("change", {bubbles: true}));
  }
  function shape(part, place) {
    return L.geoJSON(part.shapes, {
      style: function (feature) {
        if (feature.geometry.type !== "Point") { return part.style; }
        var ring = {fill: true, fillOpacity: 0.01}; // so that its inside can be clicked, too
        if (feature.properties.where === place) { ring.color = "#1b1f24"; ring.weight = 6; }
        return Object.assign({}, part.style, ring);
      },
      pointToLayer: function (feature, at) {
        var mine = feature.properties.where === place;
        return L.circleMarker(at, {radius: feature.properties.size,
          className: mine ? "ring chosen" : "ring"});
      },
      onEachFeature: function (feature, layer) {
        layer.bindTooltip(told(feature.properties.text), {sticky: true});
        if (feature.geometry.type === "Point") {
          layer.on("click", function () { choose(feature.properties.where); });
        }
      }
    });
  }
  function draw(data) {
    Object.keys(groups).forEach(function (key) { map.removeLayer(groups[key]); });
    groups = {};
    document.getElementById("monster").innerHTML = data.patterns;
    document.getElementById("forklaring").innerHTML = data.legend;
    if (!opened) { map.fitBounds(data.view); opened = true; }
    data.layers.forEach(function (layer) {
      groups[layer.key] = L.featureGroup(layer.parts.map(function (part) {
        return shape(part, data.place);
      }));
      if (!off[layer.key]) { groups[layer.key].addTo(map); }
    });
    document.querySelectorAll("#forklaring input").forEach(function (box) {
      box.checked = !off[box.value] && !box.disabled;
      box.addEventListener("change", function () {
        off[box.value] = !box.checked;
        if (box.checked) { map.addLayer(groups[box.value]); } else { map.removeLayer(groups[box.value]); }
        data.layers.forEach(function (layer) {
          if (map.hasLayer(groups[layer.key])) { groups[layer.key].bringToFront(); }
        });
      });
    });
    document.body.dataset.drawn = Number(document.body.dataset.drawn || 0) + 1;
  }
  function look() {
    var node = host && host.querySelector(".est-map-data");
    if (node && node !== seen) { seen = node; draw(JSON.parse(node.textContent)); }
  }
  look();
  setInterval(look, 120);
}
